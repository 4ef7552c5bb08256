#include "strategies/curves/predicted_final.hpp"
#include "tune/predicted_end.hpp"

namespace tune {

std::vector<PredictedEnd> predicted_ends(const StudyView& study, std::span<const TrialId> trials) {
  strategies::FinalPredictor predictor(study);
  std::vector<PredictedEnd> ends;
  for (const TrialId trial : trials) {
    const auto prediction = predictor.predict(study.trial(trial));
    if (prediction && prediction->references > 0) ends.push_back({trial, prediction->mean, prediction->variance});
  }
  return ends;
}

}  // namespace tune
