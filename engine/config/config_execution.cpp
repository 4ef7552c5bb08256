#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/config/config_parts.hpp"
#include "engine/config/paths.hpp"

/// The sections that say how trials are carried out.
namespace tune::engine {

namespace {

namespace fs = std::filesystem;

constexpr double kSmallestGpuShare = 0.01;

void read_gpus(const SectionReader& reader, ResourceSpec& resources, Diagnostics& errors) {
  if (const YamlNode* gpus = reader.find("gpus"); gpus != nullptr && gpus->kind == YamlNode::Kind::kList) {
    resources.gpus_auto = false;
    for (const YamlNode& id : gpus->items) {
      if (std::ranges::find(resources.gpus, id.text) != resources.gpus.end())
        errors.refuse(id, "resources.gpus", "each GPU once");
      resources.gpus.push_back(id.text);
    }
  }
  const auto count = reader.number("gpus_per_trial");
  if (!count) return;
  const YamlNode& node = *reader.find("gpus_per_trial");
  const bool whole = *count == std::floor(*count);
  if (!whole && (*count > 1.0 || *count < kSmallestGpuShare)) {
    errors.refuse(node, "resources.gpus_per_trial",
                  "a whole number, or a share of one GPU from " + to_text(kSmallestGpuShare) + " to 1");
    return;
  }
  resources.gpus_per_trial = count;
  if (!resources.gpus_auto && std::ceil(*count) > static_cast<double>(resources.gpus.size())) {
    errors.refuse(node, "resources.gpus_per_trial",
                  "up to " + std::to_string(resources.gpus.size()) + ", as many as `gpus` lists");
  }
}

void read_resources(const YamlNode& node, ResourceSpec& resources, Diagnostics& errors) {
  const SectionReader reader(node, "resources", section("resources"), errors);
  read_gpus(reader, resources, errors);
  if (const auto count = reader.whole("cpus_per_trial")) resources.cpus_per_trial = static_cast<int>(*count);
  resources.processes_per_trial = static_cast<int>(reader.whole("processes_per_trial").value_or(1));
}

void read_executor(const YamlNode& node, StudySpec& spec, Diagnostics& errors) {
  const SectionReader reader(node, "executor", section("executor"), errors);
  spec.executor = reader.text("name").value_or("local");
  const YamlNode* interrupt = reader.find("interrupt");
  if (interrupt == nullptr) return;
  const SectionReader inner(*interrupt, "executor.interrupt", section("executor.interrupt"), errors);
  MarketSpec market;
  market.every = inner.duration("every").value_or(market.every);
  market.notice = inner.duration("notice").value_or(market.notice);
  market.away = inner.duration("away").value_or(market.away);
  market.seed = static_cast<std::uint64_t>(inner.whole("seed").value_or(0));
  spec.market = market;
}

void read_retry(const YamlNode& node, RetrySpec& retry, Diagnostics& errors) {
  const SectionReader reader(node, "retry", section("retry"), errors);
  if (const auto count = reader.whole("max_attempts")) retry.max_attempts = static_cast<int>(*count);
  retry.backoff = reader.duration("backoff").value_or(retry.backoff);
}

SpotSpec read_spot(const YamlNode& node, const Limits& limits, Diagnostics& errors) {
  const SectionReader reader(node, "spot", section("spot"), errors);
  SpotSpec spot;
  spot.max_wait = reader.duration("max_wait");
  if (spot.max_wait && limits.trial_runtime && *spot.max_wait < *limits.trial_runtime)
    errors.refuse(*reader.find("max_wait"), "spot.max_wait", "at least limits.trial_runtime, which it includes");
  const YamlNode* price = reader.find("price");
  if (price == nullptr) return spot;
  const SectionReader inner(*price, "spot.price", section("spot.price"), errors);
  const auto on_demand = inner.number("on_demand");
  const auto interruptible = inner.number("interruptible");
  if (!on_demand || !interruptible) return spot;
  if (*interruptible > *on_demand) errors.refuse(*inner.find("interruptible"), "spot.price.interruptible", "at most on_demand");
  spot.price = SpotPrice{*on_demand, *interruptible};
  return spot;
}

void read_channels(const YamlNode& map, const std::string& working_directory, StudySpec& spec, Diagnostics& errors) {
  for (const YamlMember& member : map.members) {
    const std::string where = "channels." + member.key;
    const SectionReader reader(member.value, where, section("channels"), errors);
    const auto given = reader.text("path");
    if (!given) continue;
    Channel channel;
    channel.name = member.key;
    channel.path = plain_directory(fs::path(working_directory) / *given).string();
    channel.writable = reader.text("access") != "read_only";
    std::error_code error;
    if (!fs::exists(channel.path, error))
      errors.refuse(*reader.find("path"), where, "a path that exists; there is no " + channel.path);
    else if (reader.text("access") == "read_write" && access(channel.path.c_str(), W_OK) != 0)
      errors.refuse(*reader.find("access"), where, "read_only, or a path that can be written to");
    spec.channels.push_back(std::move(channel));
  }
}

}  // namespace

void read_execution(const SectionReader& top, const std::string& working_directory, StudySpec& spec, Diagnostics& errors) {
  if (const YamlNode* node = top.find("resources")) read_resources(*node, spec.resources, errors);
  if (const YamlNode* node = top.find("executor")) read_executor(*node, spec, errors);
  if (const YamlNode* node = top.find("retry")) read_retry(*node, spec.retry, errors);
  if (const YamlNode* node = top.find("spot")) spec.spot = read_spot(*node, spec.limits, errors);
  if (const YamlNode* node = top.find("channels")) read_channels(*node, working_directory, spec, errors);
  if (const YamlNode* node = top.find("output")) {
    const SectionReader reader(*node, "output", section("output"), errors);
    if (const auto path = reader.text("path"))
      spec.output = OutputSpec{plain_directory(fs::path(working_directory) / *path).string(), reader.text("keep") == "all"};
  }
}

}  // namespace tune::engine
