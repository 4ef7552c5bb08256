#include "engine/report/gpu_use.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/report/report_text.hpp"
#include "tests/engine/report/json_report.hpp"
#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

using test::moment;
using test::sample_study;

TEST_CASE("GPU use of a study: means by running time, the most memory, the energy") {
  StudyRecord study = sample_study();
  CHECK(!study_gpu_use(study).has_value());
  CHECK(gpu_use_text(study).empty());
  CHECK(report_text(study, moment(30)).find("GPU use") == std::string::npos);

  study.trials[0].attempts[0].gpu_use = GpuUse{3, 0.9, 2'000ULL << 20, 300.0};
  study.trials[1].attempts[0].gpu_use = GpuUse{2, 0.3, 800ULL << 20, 100.0};
  study.trials[1].attempts[0].gpus = {"0", "1"};
  const auto use = study_gpu_use(study);  // 6 s on one GPU, 3 s on two
  REQUIRE(use.has_value());
  CHECK(use->utilization == doctest::Approx(0.6));
  CHECK(use->memory_bytes == 2'000ULL << 20);
  CHECK(use->watts == doctest::Approx((6 * 300.0 + 3 * 100.0) / 9));
  CHECK(use->kilowatt_hours == doctest::Approx(2100.0 / 3.6e6));
  CHECK(
      report_text(study, moment(30)).find("\nGPU use     60 % busy, at most 2.0 GiB in a trial, 233 W a trial, 0.000583 kWh\n") !=
      std::string::npos);

  // A share counts as such; without power none is claimed.
  for (const std::size_t trial : {0U, 1U}) study.trials[trial].attempts[0].gpu_use->watts = 0.0;
  study.trials[1].attempts[0].gpu_share = 0.5;
  CHECK(gpu_use_text(study) == "70 % busy, at most 2.0 GiB in a trial");
}

TEST_CASE("GPU use in the JSON report: of each attempt, null where nothing was sampled") {
  StudyRecord study = sample_study();
  study.trials[0].attempts[0].gpu_use = GpuUse{3, 0.9, 2'000ULL << 20, 300.0};
  const auto trials = nlohmann::json::parse(test::json_report(study, moment(30))).at("trials");
  CHECK(trials[0].at("attempts")[0].at("gpu_use") ==
        nlohmann::json{{"samples", 3}, {"utilization", 0.9}, {"memory_bytes", 2'000LL << 20}, {"watts", 300.0}});
  CHECK(trials[1].at("attempts")[0].at("gpu_use").is_null());
}

TEST_CASE("memory as text") {
  CHECK(memory_text(0) == "0 MiB");
  CHECK(memory_text(820ULL << 20) == "820 MiB");
  CHECK(memory_text(999ULL << 20) == "999 MiB");
  CHECK(memory_text(81'559ULL << 20) == "79.6 GiB");
}

}  // namespace
}  // namespace tune::engine
