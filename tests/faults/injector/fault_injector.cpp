// Runs tune and lets a fault happen at its N-th system call of certain kinds, counted over tune, its launcher and its
// supervisors.
//
//   fault_injector --fault F [--at N] [--lasting] [--calls write,fsync] [--roles tune,supervisor] [--from TEXT] --log FILE --
//   tune run ...
//
//   F          kill: whoever makes the call; kill-all: tune, its helpers and the trials at once; short: half of the bytes are
//   taken;
//              ENOSPC and other names: the call fails with that
//   --at N     from 1; without it nothing happens, and FILE says how many calls there are
//   --lasting  the N-th and all later ones
//   --calls    names as in system_calls.hpp; without it all that change something
//   --roles    whose calls; without it everybody's
//   --from     counting begins when tune opens a path that holds TEXT
//
// FILE has one line per call that was counted: "N ROLE CALL PATH" (of a sync also how long the file is), with a * where the fault
// was. Exit code: tune's, 128 + its signal, or 125: nothing may be traced here, or usage.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <string>

#include "tests/faults/injector/system_calls.hpp"
#include "tests/faults/injector/tracer.hpp"

namespace {

using tune::test::Role;
using tune::test::Verdict;

constexpr int kNotPossible = 125;

std::set<std::string> split(const std::string& text) {
  std::set<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) names.insert(name);
  return names;
}

struct Options {
  Verdict verdict;
  long at = 0;
  bool lasting = false;
  std::set<std::string> calls = split(
      "create,rename,mkdir,unlink,clone,execve,pipe,socketpair,pidfd_open,write,print,writev,pwrite,send,sendmsg,fsync,fdatasync,"
      "ftruncate,"
      "flock,lock,kill,pidfd_send_signal,setsid,epoll_ctl,exit_group");
  std::set<std::string> roles = split("tune,launcher,supervisor");
  std::string from;
  std::string log;
  char** command = nullptr;
};

bool read_fault(const std::string& name, Verdict& verdict) {
  if (name == "kill") {
    verdict.kind = Verdict::Kind::kKill;
  } else if (name == "kill-all") {
    verdict.kind = Verdict::Kind::kKillAll;
  } else if (name == "short") {
    verdict.kind = Verdict::Kind::kShorten;
  } else {
    verdict = {Verdict::Kind::kFail, tune::test::error_number(name)};
    return verdict.error != 0;
  }
  return true;
}

bool read_options(char** argv, Options& options) {
  char** at = argv + 1;
  for (; *at != nullptr && std::strcmp(*at, "--") != 0; ++at) {
    const std::string name = *at;
    if (name == "--lasting") {
      options.lasting = true;
      continue;
    }
    if (*++at == nullptr) return false;
    const std::string value = *at;
    if (name == "--fault") {
      if (!read_fault(value, options.verdict)) return false;
    } else if (name == "--at") {
      options.at = std::atol(value.c_str());
    } else if (name == "--calls") {
      options.calls = split(value);
    } else if (name == "--roles") {
      options.roles = split(value);
    } else if (name == "--from") {
      options.from = value;
    } else if (name == "--log") {
      options.log = value;
    } else {
      return false;
    }
  }
  if (*at == nullptr || at[1] == nullptr) return false;
  options.command = at + 1;
  return !options.log.empty();
}

}  // namespace

int main(int, char** argv) {
  Options options;
  if (!read_options(argv, options)) {
    std::cerr << "usage: fault_injector --fault F [--at N] [--lasting] [--calls A,B] [--roles A,B] [--from TEXT] --log FILE -- "
                 "PROGRAM ...\n";
    return kNotPossible;
  }
#ifndef __x86_64__
  if (options.verdict.kind == Verdict::Kind::kFail || options.verdict.kind == Verdict::Kind::kShorten) return kNotPossible;
#endif
  std::ofstream log(options.log);
  bool counting = options.from.empty();
  long count = 0;
  tune::test::Tracer tracer([&](Role role, const std::string& call, const std::string& path) -> Verdict {
    counting = counting || path.find(options.from) != std::string::npos;
    if (!counting || !options.calls.contains(call) || !options.roles.contains(to_string(role))) return {};
    ++count;
    const bool hit = options.at > 0 && (count == options.at || (options.lasting && count > options.at));
    log << count << ' ' << to_string(role) << ' ' << call << ' ' << path << (hit ? " *" : "") << std::endl;
    return hit ? options.verdict : Verdict{};
  });
  const int code = tracer.run(options.command);
  return code < 0 ? kNotPossible : code;
}
