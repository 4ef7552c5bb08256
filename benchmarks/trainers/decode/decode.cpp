// benchmark_decode DIR [ROUNDS]: DIR holds the folders train and test or validation, a folder a class, with JPEG files.
//
// 1. Images decoded per second of processor time, one thread, all of them in memory: libjpeg-turbo's own loop (decompressor
//    reused, RGB, nothing kept), our decoder, and our whole path from a RecordIO file to the bytes of a prepared set (records
//    found and checked, decoded, resized where asked, labels checked, copied). They take turns, block by block.
// 2. Seconds until the set is ready: prepared without a cache, prepared into an empty cache, and found there.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "trainers/data/decode.hpp"
#include "trainers/data/mapped_file.hpp"
#include "trainers/data/prepare.hpp"
#include "trainers/data/read_images.hpp"
#include "trainers/data/recordio.hpp"

namespace {

using namespace tune::trainer;
namespace fs = std::filesystem;
constexpr JDIMENSION kMostRows = 16;
using Encoded = std::vector<std::vector<std::uint8_t>>;

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double timed(clockid_t clock, const std::function<void()>& work) {
  const double begin = seconds(clock);
  work();
  return seconds(clock) - begin;
}

void fail(const std::string& message) {
  std::fprintf(stderr, "benchmark_decode: %s\n", message.c_str());
  std::exit(1);
}

/// What anybody writes with libjpeg, with so many rows a call. Errors end the program: the images are good.
void decode_plainly(const Encoded& images, JDIMENSION rows_at_a_time) {
  jpeg_decompress_struct state{};
  jpeg_error_mgr errors{};
  state.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&state);
  std::vector<std::uint8_t> pixels;
  for (const auto& image : images) {
    jpeg_mem_src(&state, image.data(), static_cast<unsigned long>(image.size()));
    jpeg_read_header(&state, TRUE);
    state.out_color_space = JCS_RGB;
    jpeg_start_decompress(&state);
    const std::size_t row = std::size_t{3} * state.output_width;
    pixels.resize(row * state.output_height);
    while (state.output_scanline < state.output_height) {
      JSAMPROW rows[kMostRows];
      const JDIMENSION count = std::min(rows_at_a_time, state.output_height - state.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) rows[i] = pixels.data() + (state.output_scanline + i) * row;
      jpeg_read_scanlines(&state, rows, count);
    }
    jpeg_finish_decompress(&state);
  }
  jpeg_destroy_decompress(&state);
}

void decode_by_decoder(const Encoded& images) {
  Decoder decoder;
  Image pixels;
  for (const auto& image : images) {
    if (const auto failure = decoder.decode(image, 3, pixels)) fail(failure->message);
  }
}

void put_word(std::ofstream& out, std::uint32_t word) { out.write(reinterpret_cast<const char*>(&word), sizeof word); }

/// A RecordIO file of the images, all of class 0. None of them holds the magic number, or it would have to be split.
std::string write_records(const fs::path& path, const Encoded& images) {
  std::ofstream out(path, std::ios::binary);
  for (const auto& image : images) {
    const std::size_t size = 24 + image.size();
    put_word(out, kRecordMagic);
    put_word(out, static_cast<std::uint32_t>(size));
    for (int i = 0; i < 6; ++i) put_word(out, 0);
    out.write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
    out.write("\0\0\0", static_cast<std::streamsize>((4 - size % 4) % 4));
  }
  return path.string();
}

void prepare_records(const std::string& path, std::size_t count) {
  const auto source = open_source({.format = DataFormat::kRecordIo, .path = path, .files = {path}}, 0);
  if (!source.ok()) fail(source.failure().message);
  const auto images = prepare_in_memory(*source.value(), {.channels = 3, .height = 32, .width = 32}, 1);
  if (!images.ok()) fail(images.failure().message);
  if (images.value().set.places.size() != count) fail("images are missing");
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Blocks of images, each by every way in turn, round after round. Other work on the machine only ever slows one down, so a
/// block's best round counts.
void compare_speeds(const Encoded& images, const fs::path& scratch, int rounds) {
  constexpr std::size_t kBlock = 1000;  // images
  constexpr const char* kNames[] = {"libjpeg-turbo, 16 rows a call", "libjpeg-turbo, a row a call", "our decoder",
                                    "RecordIO to prepared pixels"};
  std::array<double, 4> total{};
  for (std::size_t first = 0; first < images.size(); first += kBlock) {
    const Encoded block(images.begin() + static_cast<std::ptrdiff_t>(first),
                        images.begin() + static_cast<std::ptrdiff_t>(std::min(first + kBlock, images.size())));
    const std::string records = write_records(scratch / "block.rec", block);
    std::array<double, 4> best{1e9, 1e9, 1e9, 1e9};
    const std::array<std::function<void()>, 4> ways = {[&] { decode_plainly(block, kMostRows); },
                                                       [&] { decode_plainly(block, 1); }, [&] { decode_by_decoder(block); },
                                                       [&] { prepare_records(records, block.size()); }};
    for (int turn = 0; turn < 4 * rounds; ++turn) {
      // Each way comes first, second, third and last: the one before leaves the caches as it needs them.
      const auto way = static_cast<std::size_t>(turn + turn / 4) % ways.size();
      best[way] = std::min(best[way], timed(CLOCK_THREAD_CPUTIME_ID, ways[way]));
    }
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += best[i];
  }
  for (std::size_t i = 0; i < total.size(); ++i) {
    std::printf("%-30s %9.0f images/s per core  %5.1f %%\n", kNames[i], static_cast<double>(images.size()) / total[i],
                100 * total[0] / total[i]);
  }
}

void measure_start(const std::string& data, const fs::path& cache) {
  DataRequest request{.train = data, .validation = data};
  const auto read = [&] {
    const auto images = read_images(request);
    if (!images.ok()) fail(images.failure().message);
  };
  std::printf("ready without a cache        %9.3f s\n", timed(CLOCK_MONOTONIC, read));
  request.cache_directory = cache.string();
  std::printf("ready, the cache empty       %9.3f s\n", timed(CLOCK_MONOTONIC, read));
  std::vector<double> found;
  for (int i = 0; i < 5; ++i) found.push_back(timed(CLOCK_MONOTONIC, read));
  std::printf("ready, found in the cache    %9.3f s\n", median(found));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("usage: benchmark_decode DIR [ROUNDS]");
  const std::string data = argv[1];
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const auto files = find_channel({.path = data, .shared = true});
  if (!files.ok()) fail(files.failure().message);
  Encoded images;
  for (const ListedImage& image : files.value().images) {
    if (const auto failure = read_bytes(image.path, images.emplace_back())) fail(failure->message);
  }
  if (images.empty() || rounds < 1) fail("no images in folders of classes, or no rounds");
  std::printf("%zu images\n", images.size());
  const fs::path scratch = fs::temp_directory_path() / ("benchmark_decode." + std::to_string(getpid()));
  fs::create_directories(scratch);
  compare_speeds(images, scratch, rounds);
  measure_start(data, scratch / "cache");
  fs::remove_all(scratch);
}
