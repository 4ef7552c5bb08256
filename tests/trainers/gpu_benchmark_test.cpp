#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers/python_peer.hpp"

using namespace tune::test;

namespace {

const std::string kScript = (source_dir() / "benchmarks/gpu/run.sh").string();

}  // namespace

TEST_CASE("benchmarks/gpu/run.sh: without a GPU it says so and exits with 3") {
  if (run_process({"sh", "-c", "nvidia-smi -L"}).exit_code == 0) return;  // there is one: nobody wants it measured now
  const auto run = run_process({kScript});
  CHECK(run.exit_code == 3);
  CHECK(run.err.find("no GPU here") != std::string::npos);
  CHECK(run.out == "");
}

TEST_CASE("benchmarks/gpu/run.sh --cpu: its sections run, print their rows and write JSON") {
  const auto python = python_with("torch");
  if (!python) return;
  const TempDir folder;
  const std::vector<std::string> environment = {"TUNE_PYTHON=" + *python,
                                                "TUNE_BIN=" + program("tune-train-image").parent_path().string()};
  const auto run = run_process(
      {kScript, "--cpu", "--only", "ceilings,memory,correctness,single_runs,side_by_side", "--json", folder / "figures.json"}, "",
      "", environment);
  CHECK_MESSAGE(run.exit_code == 0, run.err);
  for (const std::string row :
       {"| matrix product, random values | ", "| resnet20 3x32x32, batch 32, float32 | ", "| 2 processes, resnet18, batch 32 | ",
        "| estimated memory, resnet20, batch 64 | ", "| augmentation kernel beside the CPU | not compared: no GPU |",
        "| interrupted and resumed beside uninterrupted | the same weights |"}) {
    CHECK_MESSAGE(run.out.find(row) != std::string::npos, row, run.out);
  }
  CHECK(read_file(folder / "figures.json").find("\"wrong\": []") != std::string::npos);

  const auto typo = run_process({kScript, "--cpu", "--only", "memroy"}, "", "", environment);
  CHECK(typo.exit_code == 2);
  CHECK(typo.err.find("there is no section memroy") != std::string::npos);
}
