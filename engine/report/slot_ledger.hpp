#pragma once

#include "engine/report/ledger.hpp"

/// Where the time of a study's slots went (docs/ledger.md). Whole microseconds: it adds up exactly.
namespace tune::engine {

/// Time of slots, and the same times their GPUs.
struct Spent {
  Duration time{0};
  Duration gpu{0};

  Spent& operator+=(const Spent& other) {
    time += other.time;
    gpu += other.gpu;
    return *this;
  }
  bool operator==(const Spent&) const = default;
};

/// The first seven add up to `open`.
struct SlotLedger {
  Spent completed;    ///< trials that ran to their end
  Spent stopped;      ///< trials that ended Stopped, for whatever reason
  Spent failed;       ///< trials that ended Failed
  Spent in_progress;  ///< trials that have not ended
  Spent audit;        ///< spared trials, after the stop that they were spared
  Spent redone;       ///< attempts, after the last step from which a later attempt of their trial went on
  Spent idle;         ///< nothing ran in the slot, or its trial was just being started
  Spent open;         ///< all slots, while they were open
  Duration away{0};   ///< wall time between two owners of a study that had not ended; no slot time
};

/// A slot is open while a process owns the study (`max_parallel` of them), and beyond that while an attempt runs. `until` as
/// in make_ledger.
SlotLedger make_slot_ledger(const StudyRecord& study, Until until = std::nullopt);

/// The running time of a trial that a later attempt did again.
Duration redone_time(const StudyRecord& study, const TrialRecord& trial, Until until = std::nullopt);

/// Lines for people, under a heading; empty when no slot was open.
std::string slot_ledger_text(const SlotLedger& ledger);

}  // namespace tune::engine
