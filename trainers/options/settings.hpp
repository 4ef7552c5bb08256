#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "trainers/data/read_images.hpp"
#include "trainers/options/hyperparameters.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// Everything a run was asked for, from the command line, the environment and a file.
struct Settings {
  Hyperparameters hyperparameters;           ///< `model` is never auto
  std::set<std::string, std::less<>> given;  ///< hyperparameters that are not left to their default
  std::string pretrained;                    ///< file of weights to begin with; empty: none
  DataRequest data;                          ///< what to train on
  std::string inspect;                       ///< what to look at in place of training; empty: train
  std::string contact_sheet;                 ///< the file to write with it; empty: none
  std::string checkpoint_directory;          ///< empty: none
  std::string model_directory;               ///< for the best model; empty: none but the checkpoint directory
  std::uint64_t seed = 0;
  std::string device = "auto";
  bool estimate_memory = false;  ///< say how much a run would take, and train nothing
  bool help = false;
  std::vector<std::string> notes;  ///< what was given and has no effect, one sentence each
};

/// Reads the arguments (without the program's name) and, for what they leave open, the file of --hyperparameters, then the
/// environment: TUNE_PARAMS, TUNE_CHANNEL_TRAIN, TUNE_CHANNEL_VALIDATION, TUNE_CHANNEL_TRAIN_LST, TUNE_CHANNEL_VALIDATION_LST,
/// TUNE_DATA_DIR, XDG_CACHE_HOME, HOME, TUNE_CHECKPOINT_DIR, SM_MODEL_DIR, TUNE_SEED. An empty variable counts as unset.
/// Everything is checked but what lies in the directories.
Fallible<Settings> read_settings(const std::vector<std::string>& arguments);

/// The text of --help.
std::string help_text();

}  // namespace tune::trainer
