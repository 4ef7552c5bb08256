#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// Studies with GPUs, through the program; the GPUs are those of the fake library (tests/engine/executors/fake_nvml).
namespace tune::test {
namespace {

using nlohmann::json;

constexpr const char* kSay = "echo \"@tune {\\\"step\\\": 1, \\\"acc\\\": $TUNE_TRIAL_ID}\"\n";

struct GpuStudy {
  GpuStudy(const std::string& gpus, const std::string& script, const std::string& config) {
    directory.write("gpus", gpus);
    directory.write("trial.sh", script);
    directory.write("c.yaml",
                    "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
                    "strategy: {name: random, seed: 7}\ncommand: [sh, trial.sh]\n" +
                        config);
  }
  [[nodiscard]] ProcessResult tune(const std::vector<std::string>& arguments) const {
    return test::tune(arguments, directory,
                      {std::string("TUNE_NVML_LIBRARY=") + TUNE_FAKE_NVML_LIBRARY, "TUNE_FAKE_NVML=" + (directory / "gpus")});
  }
  [[nodiscard]] json report() const { return json::parse(tune({"report", "runs/demo", "--format", "json"}).out); }

  TempDir directory;
};

/// The first trial fills 4000 of 10000 MiB for longer than a look at the GPUs takes to come; the others wait for each other.
constexpr const char* kMeet =
    "if [ $TUNE_TRIAL_ID = 1 ]; then\n"
    "  echo \"GPU-a 4100 total=10000 util=50 watts=100 pids=$$:4000\" > next && mv next gpus && sleep 4\n"
    "  echo 'GPU-a 100 total=10000 util=50 watts=100' > next && mv next gpus; touch over\n"
    "else\n"
    "  [ -e over ] || exit 1\n"
    "  touch here.$TUNE_TRIAL_ID; n=0\n"
    "  while ! [ -e here.2 ] || ! [ -e here.3 ]; do sleep 0.05; n=$((n + 1)); [ $n -lt 1000 ] || exit 1; done\n"
    "fi\n";

TEST_CASE("two trials share a GPU when it is known what the first one took; what it did is in the report") {
  const GpuStudy study("GPU-a 100 total=10000 util=50 watts=100\n", std::string(kMeet) + kSay,
                       "limits: {max_trials: 3, max_parallel: 8}\nresources: {gpus_per_trial: 0.5}\n");
  const auto done = study.tune({"run", "c.yaml"});
  REQUIRE_MESSAGE(done.exit_code == 0, done.err);
  const json report = study.report();
  CHECK(report.at("counts").at("Completed") == 3);
  const json& trials = report.at("trials");
  const json& first = trials[0].at("attempts")[0];
  CHECK(first.at("gpu_use").at("samples") >= 1);
  CHECK(first.at("gpu_use").at("utilization") == 0.5);
  CHECK(first.at("gpu_use").at("memory_bytes") == 4000LL << 20);
  CHECK(first.at("gpu_use").at("watts") == 100.0);
  for (const json& trial : trials) {
    CHECK(trial.at("attempts")[0].at("gpus") == json::array({0}));
    CHECK(trial.at("gpu_seconds").get<double>() ==
          doctest::Approx(0.5 * trial.at("training_seconds").get<double>()).scale(0).epsilon(0.001));
  }
  const std::string text = study.tune({"report", "runs/demo"}).out;
  CHECK(has(text, "\nGPU use     50 % busy, at most 3.9 GiB in a trial, 100 W a trial, "));
}

TEST_CASE("a deterministic study proposes without asking for a place, and its trial waits for it") {
  const GpuStudy study(
      "GPU-a 100 total=10000\n",
      "if [ $TUNE_TRIAL_ID = 1 ]; then sleep 1; touch over; else [ -e over ] || exit 1; fi\n" + std::string(kSay),
      "limits: {max_trials: 3, max_parallel: 2}\nresources: {gpus_per_trial: 0.5}\ndeterministic: true\n");
  const auto done = study.tune({"run", "c.yaml"});
  REQUIRE_MESSAGE(done.exit_code == 0, done.err);
  CHECK(has(done.err, "trial 2: waits: GPU 0 is shared as soon as it is known how much memory a trial takes"));
  CHECK(study.report().at("counts").at("Completed") == 3);
}

TEST_CASE("a GPU falls off the bus: its trial goes on with another one, and nobody gets it again") {
  const GpuStudy study("GPU-a 0\nGPU-b 0\n",
                       "if [ $TUNE_TRIAL_ID$TUNE_ATTEMPT = 11 ]; then\n"
                       "  printf 'GPU-a -15\\nGPU-b 0\\n' > next && mv next gpus && exit 1\n"
                       "fi\n" +
                           std::string(kSay),
                       "limits: {max_trials: 3, max_parallel: 1}\nresources: {gpus_per_trial: 1}\nretry: {backoff: 0.1}\n");
  const auto done = study.tune({"run", "c.yaml"});
  REQUIRE_MESSAGE(done.exit_code == 0, done.err);
  CHECK(has(done.err, "GPU 0 is out of order: it has fallen off the bus (NVML error 15)"));
  const json report = study.report();
  CHECK(report.at("counts").at("Completed") == 3);
  const json& attempts = report.at("trials")[0].at("attempts");
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].at("gpus") == json::array({0}));
  CHECK(attempts[1].at("gpus") == json::array({1}));
  CHECK(report.at("trials")[2].at("attempts")[0].at("gpus") == json::array({1}));
}

TEST_CASE("MIG instances are given out by their UUIDs") {
  const std::string seen = "echo \"$CUDA_VISIBLE_DEVICES\" >> seen\n";
  const GpuStudy study("GPU-a 0 mig=MIG-11:10000:0,MIG-22:10000:0\n", seen + kSay,
                       "limits: {max_trials: 2, max_parallel: 1}\nresources: {gpus: [MIG-22]}\n");
  const auto done = study.tune({"run", "c.yaml"});
  REQUIRE_MESSAGE(done.exit_code == 0, done.err);
  CHECK(read_file(study.directory / "seen") == "MIG-22\nMIG-22\n");
  CHECK(study.report().at("trials")[0].at("attempts")[0].at("gpus") == json::array({"MIG-22"}));

  study.directory.write("c.yaml",
                        "name: two\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 9}\n"
                        "command: [sh, trial.sh]\nlimits: {max_trials: 1}\nresources: {gpus_per_trial: 2}\n");
  const auto refused = study.tune({"run", "c.yaml"});
  CHECK(refused.exit_code == 6);
  CHECK(has(refused.err, "gpus_per_trial is 2, and there are 0 GPUs here"));
}

}  // namespace
}  // namespace tune::test
