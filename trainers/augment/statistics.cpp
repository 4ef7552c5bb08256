#include "trainers/augment/statistics.hpp"

#include <cmath>
#include <cstddef>

namespace tune::trainer {

void normalise_by(const ImageSet& set, AugmentSettings& settings) {
  const ChannelStatistics measured = statistics_of(set);
  if (set.channels == 3 && settings.channels == 1) {
    constexpr double kWeights[] = {0.299, 0.587, 0.114};
    double mean = 0;
    double deviation = 0;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      mean += kWeights[channel] * measured.mean[channel];
      deviation += kWeights[channel] * measured.deviation[channel];
    }
    settings.mean[0] = static_cast<float>(mean);
    settings.deviation[0] = static_cast<float>(deviation);
    return;
  }
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const std::size_t from = set.channels == 1 ? 0 : channel;
    settings.mean[channel] = static_cast<float>(measured.mean[from]);
    settings.deviation[channel] = static_cast<float>(measured.deviation[from]);
  }
}

}  // namespace tune::trainer
