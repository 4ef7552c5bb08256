#include "engine/executors/gpu_places.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/engine/executors/gpu_machine.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;

using Names = std::vector<std::string>;
constexpr std::uint64_t kMiB = 1ULL << 20;

/// The places of all GPUs of a machine, and a time of its own.
struct Place {
  explicit Place(GpuPlaces made) : gpus(std::move(made)) {}
  static GpuPlaces open() {
    auto gpus = GpuInventory::open({});
    REQUIRE_MESSAGE(gpus.ok(), gpus.status().message());
    return GpuPlaces(std::move(*gpus));
  }

  /// Why not, or the names of what it got.
  std::string take(TrialId trial, double count) {
    const std::string why = gpus.take({trial, 1}, count, directory(trial), now);
    if (!why.empty()) return why;
    std::string names;
    for (const std::string& name : gpus.names({trial, 1})) names += (names.empty() ? "" : " ") + name;
    return names;
  }
  /// It takes its place and runs at once.
  std::string begin(TrialId trial, double count) {
    std::string names = take(trial, count);
    if (!gpus.names({trial, 1}).empty()) gpus.began({trial, 1}, now);
    return names;
  }
  void end(TrialId trial, int code = 0) {
    ExitRecord exit;
    exit.code = code;
    gpus.over({trial, 1}, exit);
    gpus.release({trial, 1});
  }
  void pass(Duration time) {
    for (const TimePoint until = now + time; now < until;) {
      now += kGpuSampleInterval;
      sampled = gpus.sample(now);
    }
  }
  [[nodiscard]] bool has(double count) const { return gpus.has_place(count, now); }
  static std::string directory(TrialId trial) { return "/nowhere/" + std::to_string(trial) + "/1"; }

  GpuPlaces gpus;
  TimePoint now{};
  std::vector<std::pair<AttemptId, GpuSampled>> sampled;
};

TEST_CASE("places: whole GPUs, free memory first, given back") {
  GpuMachine machine("GPU-aa11 300\nGPU-bb22 0\nGPU-cc33 0\n");
  Place place(Place::open());
  machine.set("GPU-aa11 9000\nGPU-bb22 100\nGPU-cc33 -3\n");
  // 0 is not clean; 2 does not tell, which is no reason to avoid it.
  CHECK(place.begin(1, 2) == "1 2");
  CHECK(place.gpus.not_free({1, 1}).empty());
  CHECK(place.gpus.share({1, 1}) == 1.0);
  CHECK(place.has(1));
  CHECK(!place.has(2));
  CHECK(place.take(2, 1) == "0");
  CHECK(place.gpus.not_free({2, 1}) == "the memory of GPU 0 is not free: 8700 MiB more than before");
  CHECK(!place.has(1));
  place.end(1);
  CHECK(place.has(2));
  CHECK(!place.has(3));
  place.gpus.take_named({3, 1}, 1, Place::directory(3), {"2", "7"});
  CHECK(place.gpus.names({3, 1}) == Names{"2"});
  CHECK(place.gpus.environment({3, 1}).back().second == "2");
  CHECK(place.gpus.environment({4, 1}).back().second.empty());
}

TEST_CASE("places: several for one trial are near each other") {
  GpuMachine machine("GPU-a 0 switch=x\nGPU-b 0 switch=y\nGPU-c 0 switch=y\nGPU-d 0 switch=x\n");
  Place place(Place::open());
  CHECK(place.begin(1, 2) == "0 3");
  CHECK(place.begin(2, 2) == "1 2");
  CHECK(place.take(3, 2) == "of 2 GPUs 0 are free");
  place.end(2);
  CHECK(place.take(3, 2) == "1 2");
}

TEST_CASE("places: who waits keeps its turn") {
  GpuMachine machine("GPU-a 0\nGPU-b 0\n");
  Place place(Place::open());
  CHECK(place.begin(1, 1) == "0");
  CHECK(place.take(2, 2) == "of 2 GPUs 1 are free");
  CHECK(!place.has(1));
  CHECK(place.take(3, 1) == "trial 2 is before it in the line for a GPU");
  place.end(1);
  CHECK(place.take(3, 1) == "trial 2 is before it in the line for a GPU");
  CHECK(place.take(2, 2) == "0 1");
  place.gpus.release({2, 1});
  CHECK(place.take(3, 1) == "0");
  CHECK(place.take(4, 1) == "1");
  CHECK(place.take(5, 1) == "no GPU is free");
  place.gpus.release({5, 1});  // one that leaves the line
  place.end(3);
  CHECK(place.take(6, 1) == "0");
}

TEST_CASE("places: shares of one GPU, by the memory that the first was seen to take") {
  GpuMachine machine("GPU-a 1000 total=20000\n");
  Place place(Place::open());
  CHECK(place.begin(1, 0.25) == "0");
  CHECK(place.gpus.share({1, 1}) == 0.25);
  const std::string unknown = "GPU 0 is shared as soon as it is known how much memory a trial takes";
  place.pass(2 * kGpuMemorySettles);  // it reads its data, and has not touched the GPU yet
  CHECK(!place.has(0.25));
  CHECK(place.take(2, 0.25) == unknown);
  machine.set("GPU-a 3000 total=20000\n");
  place.pass(kGpuMemorySettles - kGpuSampleInterval);
  machine.set("GPU-a 6000 total=20000\n");  // it grows: the time begins anew
  place.pass(kGpuMemorySettles);
  CHECK(place.take(2, 0.25) == unknown);
  place.pass(kGpuSampleInterval);
  CHECK(place.take(2, 0.25) == "0");
  // 1000 are others', two times 5000 are kept for trials that have begun or are about to: 9000 are left for 5000 and 15 %.
  CHECK(place.has(0.25));
  place.gpus.began({2, 1}, place.now);
  CHECK(place.begin(3, 0.25) == "0");
  CHECK(place.take(4, 0.25) ==
        "GPU 0 has no room for one more trial: it takes 5000 MiB and some head-room, and 3999 MiB are left");
  CHECK(!place.has(0.25));
  machine.set("GPU-a 11000 total=20000\n");
  place.end(1);
  CHECK(place.take(4, 0.25) == "0");
}

TEST_CASE("places: not more shares than there are, empty GPUs before shared ones") {
  GpuMachine machine("GPU-a 0\nGPU-b 0\n");
  Place place(Place::open());
  CHECK(place.begin(1, 0.5) == "0");
  CHECK(place.begin(2, 0.5) == "1");
  CHECK(!place.has(0.5));
  machine.set("GPU-a 500\nGPU-b 500\n");
  place.pass(2 * kGpuMemorySettles);
  CHECK(place.begin(3, 0.5) == "0");
  CHECK(place.begin(4, 0.5) == "1");
  CHECK(place.take(5, 0.5) == "no GPU has a free share");
  place.end(2);
  CHECK(place.take(5, 0.5) == "1");
  place.end(1);
  CHECK(place.take(6, 1.0 / 3.0) == "0");
}

TEST_CASE("places: what an ended trial took is known, however short it was; one that failed at once tells nothing") {
  GpuMachine machine("GPU-a 0\n");
  {
    Place place(Place::open());
    place.begin(1, 0.5);
    place.end(1, 1);
    CHECK(place.begin(2, 0.5) == "0");
    CHECK(!place.has(0.5));
    place.end(2, 0);
    CHECK(place.begin(3, 0.5) == "0");
    CHECK(place.begin(4, 0.5) == "0");
  }
  Place place(Place::open());
  place.begin(1, 0.5);
  machine.set("GPU-a 70000\n");
  place.pass(kGpuSampleInterval);
  machine.set("GPU-a 0\n");
  place.end(1, 1);  // out of memory, perhaps: so much it took at least
  CHECK(place.begin(2, 0.5) == "0");
  CHECK(place.take(3, 0.5).starts_with("GPU 0 has no room for one more trial: it takes 70000 MiB"));
}

TEST_CASE("places: a share is taken when the memory of the one before is free") {
  GpuMachine machine("GPU-a 1000\n");
  Place place(Place::open());
  place.begin(1, 0.5);
  // The driver tells whose memory it is: none of this process is of an attempt.
  const std::string mine = " pids=" + std::to_string(getpid()) + ":10\n";
  machine.set("GPU-a 5000\n");
  place.pass(2 * kGpuMemorySettles);
  CHECK(place.take(2, 0.5) == "0");
  CHECK(place.gpus.not_free({2, 1}).empty());
  machine.set("GPU-a 5000" + mine);  // now it is known that nothing of it is trial 1's
  CHECK(place.gpus.not_free({2, 1}) == "the memory of GPU 0 is not free: 4000 MiB more than before");
  machine.set("GPU-a 1100" + mine);
  CHECK(place.gpus.not_free({2, 1}).empty());
}

TEST_CASE("places: a GPU that is lost is given to nobody until it answers again") {
  GpuMachine machine("GPU-a 0\nGPU-b 0\n");
  Place place(Place::open());
  CHECK(place.begin(1, 1) == "0");
  machine.set("GPU-a -15\nGPU-b 0\n");
  place.pass(kGpuSampleInterval);
  CHECK(place.sampled.empty());
  machine.set("GPU-a 0\nGPU-b -16\n");  // that it was lost for a while is enough
  ExitRecord exit;
  exit.code = 1;
  place.gpus.over({1, 1}, exit);
  CHECK(exit.broken_gpu == "GPU 0 is out of order: it has fallen off the bus (NVML error 15)");
  place.gpus.release({1, 1});
  CHECK(place.begin(2, 1) == "0");
  CHECK(!place.has(1));
  CHECK(place.take(3, 1) == "no GPU is free; GPU 1 is out of order: it needs a reset (NVML error 16)");
  machine.set("GPU-a 0\nGPU-b 0\n");
  CHECK(place.take(3, 1) == "1");
  machine.set("GPU-a 0\nGPU-b -15\n");  // lost again before it was used
  CHECK(place.take(3, 1) == "no GPU is free; GPU 1 is out of order: it has fallen off the bus (NVML error 15)");
  place.end(2);
  CHECK(place.take(3, 1) == "0");
  ExitRecord good;
  good.code = 0;
  place.gpus.over({3, 1}, good);
  CHECK(good.broken_gpu.empty());

  // With no GPU left the first trial gets in line, so that somebody says what is missing.
  place.gpus.release({3, 1});
  machine.set("GPU-a -15\nGPU-b -15\n");
  CHECK(place.has(0.5));
  CHECK(place.take(4, 0.5) == "no GPU has a free share; GPU 0 is out of order: it has fallen off the bus (NVML error 15)");
  CHECK(!place.has(0.5));
}

TEST_CASE("places: a GPU that others compute on comes last, is waited for once, and then is used all the same") {
  const std::string mine = std::to_string(getpid());
  GpuMachine machine("GPU-a 4000 pids=" + mine + ":3000\nGPU-b 0\n");
  Place place(Place::open());
  CHECK(place.begin(1, 1) == "1");
  CHECK(place.take(2, 1) == "0");
  const std::string why = place.gpus.not_free({2, 1});
  CHECK(why.starts_with("GPU 0 is in use: process " + mine + " ("));
  CHECK(why.ends_with(") is on it with 3000 MiB"));
  place.gpus.began({2, 1}, place.now);
  place.end(2);
  CHECK(place.take(3, 1) == "0");
  CHECK(place.gpus.not_free({3, 1}).empty());  // known
  place.gpus.release({3, 1});
  machine.set("GPU-a 4000 pids=" + mine + ":3000,1:-\nGPU-b 0\n");
  CHECK(place.take(3, 1) == "0");
  CHECK(place.gpus.not_free({3, 1}).find("process 1 ") != std::string::npos);
  machine.set("GPU-a 4000 pids=1:20\nGPU-b 0\n");  // too little to matter
  CHECK(place.gpus.not_free({3, 1}).empty());
}

TEST_CASE("places: MIG instances one at a time") {
  GpuMachine machine("GPU-a 0 total=40000 watts=400 mig=MIG-1:10000:0,MIG-2:20000:0\nGPU-b 0\nGPU-c 0\n");
  Place place(Place::open());
  CHECK(place.gpus.count(1) == 4);
  CHECK(place.gpus.count(0.5) == 4);
  CHECK(place.gpus.count(2) == 2);
  CHECK(place.begin(1, 1) == "MIG-1");
  CHECK(place.begin(2, 2) == "1 2");
  CHECK(place.begin(3, 1) == "MIG-2");
  machine.set("GPU-a 0 total=40000 watts=400 util=90 mig=MIG-1:10000:2000,MIG-2:20000:0\nGPU-b 0\nGPU-c 0\n");
  place.pass(kGpuSampleInterval);
  REQUIRE(place.sampled.size() == 3);
  CHECK(place.sampled[0].second.memory_bytes == 2000 * kMiB);
  CHECK(place.sampled[0].second.watts == doctest::Approx(100.0));  // a quarter of the GPU's memory
  CHECK(place.sampled[2].second.watts == doctest::Approx(200.0));
}

TEST_CASE("places: what trials do with their GPUs") {
  GpuMachine machine("GPU-a 100 util=80 watts=300\nGPU-b 200 util=40 watts=200\n");
  Place place(Place::open());
  CHECK(place.gpus.next_sample() == TimePoint::max());
  place.begin(1, 2);
  CHECK(place.gpus.next_sample() <= place.now + kGpuSampleInterval);
  machine.set("GPU-a 1100 util=80 watts=300\nGPU-b 2200 util=40 watts=200\n");
  place.pass(kGpuSampleInterval);
  REQUIRE(place.sampled.size() == 1);
  CHECK(place.sampled[0].first == AttemptId{1, 1});
  CHECK(place.sampled[0].second.utilization == doctest::Approx(0.6));
  CHECK(place.sampled[0].second.memory_bytes == 3000 * kMiB);
  CHECK(place.sampled[0].second.watts == doctest::Approx(500.0));
  place.end(1);
  CHECK(place.gpus.next_sample() == TimePoint::max());

  // Of a shared one each has its part.
  machine.set("GPU-a 100 util=80 watts=300\nGPU-b 200 util=40 watts=200\n");
  for (const TrialId trial : {2, 3, 4}) place.begin(trial, 0.5);
  place.pass(kGpuSampleInterval);
  REQUIRE(place.sampled.size() == 3);
  CHECK(place.sampled[0].second.watts == doctest::Approx(150.0));
  CHECK(place.sampled[0].second.utilization == doctest::Approx(0.8));
  CHECK(place.sampled[1].second.watts == doctest::Approx(200.0));
}

}  // namespace
}  // namespace tune::engine
