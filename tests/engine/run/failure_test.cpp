#include <doctest/doctest.h>

#include <sstream>

#include "engine/core/failure.hpp"
#include "engine/core/traceback.hpp"

/// Whose fault a failure is, by logs as PyTorch's programs leave them.
namespace tune::engine {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

ExitRecord failed_with(int code) {
  ExitRecord exit;
  exit.code = code;
  return exit;
}

std::string why(const std::string& log) { return broken_infrastructure(failed_with(1), lines_of(log)).value_or(""); }

constexpr const char* kValueError =
    "[rank0]: Traceback (most recent call last):\n"
    "[rank0]:   File \"/data/train.py\", line 61, in <module>\n"
    "[rank0]:     main()\n"
    "[rank0]:   File \"/data/train.py\", line 44, in main\n"
    "[rank0]:     raise ValueError(f\"mini_batch_size {size} is no multiple of {world}\")\n"
    "[rank0]: ValueError: mini_batch_size 33 is no multiple of 2\n";

/// What the other process says when one has gone.
constexpr const char* kNoise =
    "[rank1]:[E1122 06:41:07.118 ProcessGroupNCCL.cpp:1834] [PG ID 0 PG GUID 0 Rank 1] Process group watchdog thread terminated "
    "with exception: NCCL error: remote process exited or there was a network error, NCCL version 2.21.5\n"
    "ncclRemoteError: A call failed possibly due to a network error or a remote process exiting prematurely.\n"
    "[rank1]:[W1122 06:41:07.301 TCPStore.cpp:122] recvValue failed on SocketImpl(fd=17): Connection reset by peer\n"
    "[W1122 06:41:07.302 socket.cpp:460] sendBytes failed: Broken pipe\n"
    "[rank1]: Traceback (most recent call last):\n"
    "[rank1]:   File \"/data/train.py\", line 61, in <module>\n"
    "[rank1]:     main()\n"
    "[rank1]: torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:2251, ncclRemoteError\n";

std::string summary(const std::string& traceback) {
  return "E1122 06:41:09.020 4711 torch/distributed/elastic/multiprocessing/api.py:869] failed (exitcode: 1) local_rank: 0 (pid: "
         "4720) of binary: /usr/bin/python3\n"
         "Traceback (most recent call last):\n"
         "  File \"/usr/local/bin/torchrun\", line 8, in <module>\n"
         "    sys.exit(main())\n"
         "             ^^^^^^\n"
         "  File \"/usr/lib/python3/torch/distributed/run.py\", line 901, in main\n"
         "    run(args)\n"
         "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"
         "============================================================\n"
         "train.py FAILED\n"
         "------------------------------------------------------------\n"
         "Failures:\n"
         "  <NO_OTHER_FAILURES>\n"
         "------------------------------------------------------------\n"
         "Root Cause (first observed failure):\n"
         "[0]:\n"
         "  time      : 2026-11-22_06:41:07\n"
         "  host      : node\n"
         "  rank      : 0 (local_rank: 0)\n"
         "  exitcode  : 1 (pid: 4720)\n"
         "  error_file: <N/A>\n"
         "  traceback : " +
         traceback + "\n============================================================\n";
}

const std::string kPlainSummary = summary("To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html");

TEST_CASE("a CUDA error of a program's own is its own, of the built-in trainer the GPU's; out of memory is neither") {
  CHECK(why("RuntimeError: CUDA error: an illegal memory access was encountered") == "");
  CHECK(why("tune-train-image: error: CUDA error: an illegal memory access was encountered") != "");
  CHECK(why("tune-train-image: error: out of memory: CUDA out of memory. Tried to allocate 2.00 GiB") == "");
}

TEST_CASE("lost communication after an exception of the program's own follows from it") {
  CHECK(why(std::string(kValueError) + kNoise).empty());
  CHECK(why(std::string(kValueError) + kNoise + kPlainSummary).empty());
  // Lines of several processes among each other.
  CHECK(why("[rank0]: Traceback (most recent call last):\n[rank1]: Traceback (most recent call last):\n"
            "[rank0]:   File \"train.py\", line 4, in <module>\n[rank1]:   File \"train.py\", line 9, in <module>\n"
            "[rank0]:     x = y[7]\n[rank0]: IndexError: list index out of range\n[rank1]:     loss.backward()\n"
            "[rank1]: torch.distributed.DistBackendError: ncclRemoteError: it is gone\n")
            .empty());
  // Without marks, and an exception class of one's own without a message.
  CHECK(why("Traceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n    go()\nmymodule.errors.NoSuchLayer\n" +
            std::string(kNoise))
            .empty());
  CHECK(why("RuntimeError: CUDA error: device-side assert triggered\n").empty());
}

TEST_CASE("the root cause in torchrun's summary counts wherever it stands") {
  const std::string own =
      "Traceback (most recent call last):\n    File \"/data/train.py\", line 9, in main\n      raise KeyError(name)\n  KeyError: "
      "'lr'";
  CHECK(why(kNoise + summary(own)).empty());
  const std::string lost =
      "Traceback (most recent call last):\n    File \"/data/train.py\", line 9, in main\n      dist.all_reduce(x)\n"
      "  torch.distributed.DistBackendError: NCCL error: ncclSystemError";
  CHECK(!why(kNoise + summary(lost)).empty());
}

TEST_CASE("lost communication without a cause of the program's own is of the infrastructure") {
  for (const std::string& log : {std::string(kNoise), kNoise + kPlainSummary, kNoise + std::string(kValueError)}) {
    CHECK(why(log) == "processes lost each other (NCCL): it said 'ncclRemoteError'; exit code 1");
  }
  // An exception that is itself of that kind, or the infrastructure's.
  for (const char* said :
       {"ConnectionResetError: [Errno 104] Connection reset by peer", "BrokenPipeError: [Errno 32] Broken pipe",
        "torch.distributed.DistNetworkError: The client socket has failed to connect",
        "RuntimeError: [gloo/transport/tcp/pair.cc:534] Connection closed by peer [10.0.0.7]:2993"}) {
    CAPTURE(said);
    CHECK(!why("Traceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n    go()\n" + std::string(said) + "\n" +
               kNoise)
               .empty());
  }
  // No traceback: a line that only looks like the end of one.
  CHECK(!why("Epoch: 3\nValueError: ignored, the next batch is tried\n" + std::string(kNoise)).empty());
}

TEST_CASE("a broken GPU or a full disk is the cause, whatever exceptions were printed before") {
  CHECK(why(std::string(kValueError) + "RuntimeError: CUDA error: uncorrectable ECC error encountered\n") ==
        "a GPU has a memory error: it said 'uncorrectable ECC error'; exit code 1");
  CHECK(!why("Traceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n    save()\n"
             "OSError: [Errno 28] No space left on device\n")
             .empty());
}

TEST_CASE("more of the log may be given than its last lines") {
  const auto last = lines_of(kNoise);
  CHECK(broken_infrastructure(failed_with(1), last));
  CHECK(!broken_infrastructure(failed_with(1), last, lines_of(std::string(kValueError) + kNoise)));
}

TEST_CASE("tracebacks: chained ones, unfinished ones, notes") {
  const auto found = python_exceptions(lines_of(
      "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n  [Previous line repeated 3 more times]\n"
      "KeyError: 'a'\nDuring handling of the above exception, another exception occurred:\n"
      "Traceback (most recent call last):\n  File \"a.py\", line 2, in h\n    raise RuntimeError('b')\nRuntimeError: b\n"
      "Traceback (most recent call last):\n  File \"a.py\", line 2, in h\n"));
  REQUIRE(found.size() == 2);
  CHECK(found[0].text == "KeyError: 'a'");
  CHECK(found[0].line == 4);
  CHECK(found[1].text == "RuntimeError: b");
  CHECK(python_exceptions(lines_of("Traceback (most recent call last):\nValueError: no frame\n")).empty());
  CHECK(python_exceptions({}).empty());
}

}  // namespace
}  // namespace tune::engine
