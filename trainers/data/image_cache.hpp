#pragma once

#include <cstdint>
#include <string>

#include "trainers/data/channel_files.hpp"
#include "trainers/data/prepare.hpp"
#include "trainers/data/prepared_file.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

inline constexpr const char* kNoCache = "none";                        // in place of a directory
inline constexpr std::uint64_t kSmallSource = std::uint64_t{1} << 20;  // bytes: decoded sooner than looked up and kept

/// `$XDG_CACHE_HOME/tune/images`, else `~/.cache/tune/images`, else kNoCache.
std::string usual_cache_directory();

struct LoadRequest {
  PreparationSettings settings;
  std::int64_t limit = 0;                     ///< the first so many images; 0: all
  std::string cache_directory = kNoCache;     ///< or kNoCache
  std::uint64_t small_source = kSmallSource;  ///< sources of fewer bytes are not kept
};

/// The channel's images, from the cache where they are there already; else they are prepared, and kept there. Their file's name
/// is a hash of the sources' paths, sizes and times of change, the settings, and the format's version, so that it never has to be
/// changed. One process prepares while others that want the same images wait for it; where files cannot be locked each prepares
/// its own and the last one's stays, and all have whole files at every time. A cache that cannot be used is said in a note,
/// and the images are prepared in memory.
Fallible<PreparedImages> load_images(const ChannelFiles& files, const LoadRequest& request);

}  // namespace tune::trainer
