#pragma once

#include <re2/re2.h>

#include <string>
#include <string_view>

namespace tune::metrics {

/// How every pattern is compiled. Latin-1: each byte is a character, so that a line need not be UTF-8.
RE2::Options regex_options();

/// A user's pattern as RE2 gets it: one copied from SageMaker says `#011` where the log has a tab; outside a character class that
/// matches both.
std::string to_re2(std::string_view pattern);

}  // namespace tune::metrics
