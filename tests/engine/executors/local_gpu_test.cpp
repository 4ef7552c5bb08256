#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/engine/executors/gpu_machine.hpp"
#include "tests/engine/executors/local_fixture.hpp"

/// The local executor with the GPUs of the fake library.
namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::EventLog;

constexpr const char* kThree = "GPU-aa11 300\nGPU-bb22 0\nGPU-cc33 0\n";

LaunchSpec gpu_trial(LocalFixture& fixture, TrialId trial, double gpus, const std::string& then) {
  LaunchSpec spec = fixture.shell(trial, "echo [$CUDA_VISIBLE_DEVICES] $CUDA_DEVICE_ORDER; " + then);
  spec.resources.gpus = gpus;
  return spec;
}

TEST_CASE("local executor: a GPU belongs to one trial at a time") {
  const GpuMachine machine(kThree);
  LocalFixture fixture(4, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  const LaunchSpec first = gpu_trial(fixture, 1, 2, "exec sleep 1000");
  const LaunchSpec second = gpu_trial(fixture, 2, 1, "exec sleep 1000");
  REQUIRE(executor.launch(first).ok());
  REQUIRE(executor.launch(second).ok());
  CHECK(executor.can_launch({.gpus = 0}));
  CHECK(!executor.can_launch({.gpus = 1}));
  CHECK(executor.launch(gpu_trial(fixture, 3, 4, "")).message() == "trial 3, attempt 1 wants 4 GPUs; here are 3");
  const LaunchSpec without = gpu_trial(fixture, 4, 0, "");
  REQUIRE(executor.launch(without).ok());
  for (const LaunchSpec& spec : {first, second, without}) log.until_observed(spec.id);
  CHECK(log.bytes[first.id] == "[0,1] PCI_BUS_ID\n");
  CHECK(log.bytes[second.id] == "[2] PCI_BUS_ID\n");
  CHECK(log.bytes[without.id] == "[] PCI_BUS_ID\n");
  CHECK(log.started[first.id].gpus == std::vector<std::string>{"0", "1"});
  CHECK(log.started[first.id].gpu_share == 1.0);

  // An adopted attempt keeps its own.
  fixture.restart();
  std::vector<LaunchSpec> adopted = {first};
  adopted[0].gpus = {"0", "1"};
  adopted[0].slot = 0;
  EventLog after(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(adopted).ok());
  CHECK(fixture.executor().can_launch({.gpus = 1}));
  CHECK(!fixture.executor().can_launch({.gpus = 2}));
  fixture.executor().stop(first.id, 0ms);
  after.until_over(first.id);
  CHECK(fixture.executor().can_launch({.gpus = 3}));
}

TEST_CASE("local executor: an attempt that finds no GPU waits for one") {
  const GpuMachine machine("GPU-aa11 0\n");
  LocalFixture fixture(3, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  const LaunchSpec first = gpu_trial(fixture, 1, 1, "exec sleep 1000");
  const LaunchSpec second = gpu_trial(fixture, 2, 1, "");
  const LaunchSpec third = gpu_trial(fixture, 3, 1, "");
  for (const LaunchSpec& spec : {first, second, third}) REQUIRE(executor.launch(spec).ok());
  log.until([&] { return log.waiting.size() == 2; });
  CHECK(log.waiting[second.id] == "no GPU is free");
  CHECK(log.waiting[third.id] == "trial 2 is before it in the line for a GPU");
  CHECK(!executor.can_launch({.gpus = 1}));
  executor.stop(first.id, 0ms);
  log.until_over(third.id);
  CHECK(log.exit(second.id).ended <= log.exit(third.id).started);
  CHECK(executor.can_launch({.gpus = 1}));
}

TEST_CASE("local executor: a trial waits until the memory of its GPU is free") {
  GpuMachine machine("GPU-aa11 300\n");
  LocalFixture fixture(2, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  machine.set("GPU-aa11 5000\n");
  const LaunchSpec spec = gpu_trial(fixture, 1, 1, "");
  REQUIRE(executor.launch(spec).ok());
  const auto events = executor.wait(fixture.clock().now() + 300ms);
  REQUIRE(events.size() == 1);
  REQUIRE(std::holds_alternative<Waiting>(events[0].body));
  CHECK(std::get<Waiting>(events[0].body).why.find("4700 MiB more than before") != std::string::npos);
  CHECK(executor.wait(fixture.clock().now() + 150ms).empty());  // said once
  CHECK(!executor.can_launch({.gpus = 1}));
  machine.set("GPU-aa11 310\n");
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);

  // One that is stopped while it waits never starts.
  machine.set("GPU-aa11 5000\n");
  const LaunchSpec stopped = gpu_trial(fixture, 2, 1, "");
  REQUIRE(executor.launch(stopped).ok());
  executor.stop(stopped.id, 10min);
  log.until_over(stopped.id);
  CHECK(log.exit(stopped.id).stop_requested);
  CHECK(!log.exit(stopped.id).code.has_value());
  CHECK(!log.started.contains(stopped.id));
  CHECK(!std::filesystem::exists(stopped.directory + "/log"));
  CHECK(executor.can_launch({.gpus = 1}));
}

TEST_CASE("local executor: a GPU that others use is waited for, but not for ever") {
  const std::string others = std::to_string(getpid());
  GpuMachine machine("GPU-aa11 5000 pids=" + others + ":4000\n");
  LocalFixture fixture(2, GpuRequest{});
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec = gpu_trial(fixture, 1, 1, "");
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until([&] { return log.waiting.contains(spec.id); });
  CHECK(log.waiting[spec.id].starts_with("GPU 0 is in use: process " + others));
  fixture.clock().skip(kGpuMemoryPatience);
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);
}

TEST_CASE("local executor: two trials on one GPU, when the memory of the first is known and fits twice") {
  GpuMachine machine("GPU-aa11 100 total=10000 util=50 watts=200\n");
  LocalFixture fixture(4, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  // A child of the trial's uses the GPU; its environment is its own.
  const LaunchSpec first = gpu_trial(fixture, 1, 0.5, "env -i sleep 1000 & echo $!; wait");
  REQUIRE(executor.launch(first).ok());
  log.until([&] { return log.observed[first.id] == 2; });
  const std::string& said = log.bytes[first.id];
  const std::string pid = said.substr(said.find('\n') + 1, said.size() - said.find('\n') - 2);
  CHECK(log.started[first.id].gpu_share == 0.5);
  CHECK(!executor.can_launch({.gpus = 0.5}));

  machine.set("GPU-aa11 5000 total=10000 util=50 watts=200 pids=" + pid + ":4000,1:200\n");
  fixture.clock().skip(kGpuSampleInterval);
  log.until([&] { return !log.sampled[first.id].empty(); });
  CHECK(log.sampled[first.id].back().memory_bytes == 4000ULL << 20);
  CHECK(log.sampled[first.id].back().utilization == 0.5);
  CHECK(log.sampled[first.id].back().watts == 200.0);
  const LaunchSpec second = gpu_trial(fixture, 2, 0.5, "exec sleep 1000");
  REQUIRE(executor.launch(second).ok());
  log.until([&] { return log.waiting.contains(second.id); });
  CHECK(log.waiting[second.id] == "GPU 0 is shared as soon as it is known how much memory a trial takes");
  fixture.clock().skip(kGpuMemorySettles);
  log.until_observed(second.id);
  CHECK(log.started[second.id].gpus == std::vector<std::string>{"0"});
  CHECK(log.started[second.id].gpu_share == 0.5);
  CHECK(log.bytes[second.id] == "[0] PCI_BUS_ID\n");
  fixture.clock().skip(kGpuSampleInterval);
  log.until([&] { return !log.sampled[second.id].empty(); });
  CHECK(log.sampled[second.id].back().memory_bytes == 0);  // the driver tells whose memory it is: not the second one's
  CHECK(log.sampled[second.id].back().watts == 100.0);

  // An adopted attempt keeps its share.
  fixture.restart();
  std::vector<LaunchSpec> adopted = {first, second};
  for (LaunchSpec& spec : adopted) spec.gpus = {"0"};
  EventLog after(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(adopted).ok());
  after.until([&] { return after.started.size() == 2; });
  CHECK(after.started[second.id].gpu_share == 0.5);
  CHECK(!fixture.executor().can_launch({.gpus = 0.5}));
  for (const LaunchSpec& spec : adopted) {
    fixture.executor().stop(spec.id, 0ms);
    after.until_over(spec.id);
  }
}

TEST_CASE("local executor: a GPU falls off the bus") {
  GpuMachine machine("GPU-aa11 0\n");
  LocalFixture fixture(2, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  LaunchSpec first = gpu_trial(fixture, 1, 1, "while ! [ -e gone ]; do sleep 0.01; done; exit 1");
  first.working_directory = fixture.files().path().string();
  REQUIRE(executor.launch(first).ok());
  log.until_observed(first.id);
  machine.set("GPU-aa11 -15\n");
  static_cast<void>(fixture.files().write("gone", ""));
  log.until_over(first.id);
  CHECK(log.exit(first.id).broken_gpu == "GPU 0 is out of order: it has fallen off the bus (NVML error 15)");
  CHECK(log.exit(first.id).code == 1);

  const LaunchSpec second = gpu_trial(fixture, 2, 1, "");
  CHECK(executor.can_launch({.gpus = 1}));  // so that the next one says what it waits for
  REQUIRE(executor.launch(second).ok());
  log.until([&] { return log.waiting.contains(second.id); });
  CHECK(log.waiting[second.id] == "no GPU is free; GPU 0 is out of order: it has fallen off the bus (NVML error 15)");
  CHECK(!executor.can_launch({.gpus = 1}));
  machine.set("GPU-aa11 0\n");
  log.until_over(second.id);
  CHECK(log.exit(second.id).code == 0);
  CHECK(log.exit(second.id).broken_gpu.empty());
}

TEST_CASE("local executor: no GPU is in order any more, for too long") {
  GpuMachine machine("GPU-aa11 0\nGPU-bb22 -15\n");
  LocalFixture fixture(3, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  // Two for a trial: one out of order is enough.
  const LaunchSpec pair = gpu_trial(fixture, 1, 2, "");
  const LaunchSpec behind = gpu_trial(fixture, 2, 2, "");
  REQUIRE(executor.launch(pair).ok());
  REQUIRE(executor.launch(behind).ok());
  log.until([&] { return log.waiting.size() == 2; });
  fixture.clock().skip(kGpuLossPatience - 30s);
  CHECK(executor.wait(fixture.clock().now() + 300ms).empty());
  // One that comes back in between begins the time anew.
  machine.set("GPU-aa11 0\nGPU-bb22 0\n");
  log.until_over(behind.id);
  machine.set("GPU-aa11 -15\nGPU-bb22 0\n");
  const LaunchSpec third = gpu_trial(fixture, 3, 2, "");
  REQUIRE(executor.launch(third).ok());
  log.until([&] { return log.waiting.contains(third.id); });
  fixture.clock().skip(kGpuLossPatience - 30s);
  CHECK(executor.wait(fixture.clock().now() + 300ms).empty());
  fixture.clock().skip(30s);
  log.until_over(third.id);
  CHECK(std::get<Interrupted>(log.ends.at(third.id))
            .why.starts_with("fewer GPUs than a trial needs, 2, have been in order for 10 minutes: GPU 0 is out"));
  const Status refused = executor.launch(gpu_trial(fixture, 4, 2, ""));
  CHECK(refused.code() == ErrorCode::kExecutor);
  CHECK(refused.message().ends_with(
      "GPU 0 is out of order: it has fallen off the bus (NVML error 15); when they are back `tune resume` goes on"));
  // Nobody who can do without is held up.
  const LaunchSpec one = gpu_trial(fixture, 5, 1, "");
  REQUIRE(executor.launch(one).ok());
  log.until_over(one.id);
  CHECK(log.exit(one.id).code == 0);
  machine.set("GPU-aa11 0\nGPU-bb22 0\n");
  const LaunchSpec again = gpu_trial(fixture, 6, 2, "");
  REQUIRE(executor.launch(again).ok());
  log.until_over(again.id);
  CHECK(log.exit(again.id).code == 0);
}

}  // namespace
}  // namespace tune::engine
