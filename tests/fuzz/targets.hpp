#pragma once

#include <span>
#include <string>
#include <string_view>

/// What is fuzzed: each target takes any bytes. It is run by libFuzzer (scripts/fuzz.sh) and, on the inputs kept in
/// `seeds/NAME/`, by the tests.
namespace tune::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
};
std::span<const Target> targets();

void run_arguments(std::string_view input);    ///< tune-shim's command line, words ended by zero bytes
void run_config(std::string_view input);       ///< a config; lines `#! KEY=VALUE` are settings of the command line
void run_curves(std::string_view input);       ///< a file of `tune replay`, plain or gzip
void run_events(std::string_view input);       ///< an event file of the trainer, or one event
void run_image(std::string_view input);        ///< a JPEG or PNG image
void run_init(std::string_view input);         ///< a script of `tune init`
void run_jobs(std::string_view input);         ///< a file of an attempt's directory, or of requests/
void run_journal(std::string_view input);      ///< a journal, as it is and with its checksums put right; then its reports
void run_lists(std::string_view input);        ///< an .lst file, a file of CIFAR, and IDX files
void run_log(std::string_view input);          ///< what a trial prints, `@tune` lines and others
void run_prepared(std::string_view input);     ///< prepared images, as they are and with their checksums put right
void run_records(std::string_view input);      ///< a RecordIO file, and an .idx file
void run_safetensors(std::string_view input);  ///< a safetensors file; a checkpoint, with its checksum put right
void run_session(std::string_view input);      ///< requests to `tune session`

/// Ends the process with a message, as a finding.
void require(bool holds, std::string_view what);
/// That a text for people cannot steer a terminal: UTF-8, no control characters but the ends of lines.
void require_plain(std::string_view text);
/// An empty directory of this process, the same at every call; files in memory where there is such a place.
std::string empty_directory();

}  // namespace tune::fuzz
