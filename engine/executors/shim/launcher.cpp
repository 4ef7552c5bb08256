#include "engine/executors/shim/launcher.hpp"

#include <linux/close_range.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "engine/executors/launch_protocol.hpp"
#include "engine/executors/shim/arguments.hpp"
#include "engine/executors/shim/supervisor.hpp"

namespace tune::shim {
namespace {

bool read_all(void* to, std::size_t size) {
  char* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = read(engine::kLauncherSocket, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// Pointers to `count` texts that follow each other from `at` on, and a null pointer.
std::vector<char*> split(char*& at, const char* end, std::uint32_t count) {
  std::vector<char*> texts;
  for (std::uint32_t i = 0; i < count && at < end; ++i) {
    texts.push_back(at);
    at += std::strlen(at) + 1;
  }
  texts.push_back(nullptr);
  return texts;
}

/// Makes `ps` show what this fork supervises.
void set_title(char** argv, const char* directory) {
  char* begin = argv[0];
  char* end = begin;
  for (char** one = argv; *one != nullptr; ++one) end = *one + std::strlen(*one);
  const char* parts[] = {"tune-shim", "--dir", directory};
  for (const char* part : parts) {
    const std::size_t size = std::strlen(part) + 1;
    if (static_cast<std::size_t>(end - begin) < size) break;
    std::memcpy(begin, part, size);
    begin += size;
  }
  std::memset(begin, 0, static_cast<std::size_t>(end - begin));
}

/// As fork(), but the new process is our parent's child.
pid_t fork_sibling() {
  return static_cast<pid_t>(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

}  // namespace

int serve_launches(char** argv) {
  syscall(SYS_close_range, static_cast<unsigned>(engine::kLauncherSocket) + 1, ~0U, 0U);
  engine::LaunchRequest request;
  while (read_all(&request, sizeof request)) {
    if (request.bytes == 0 || request.bytes > engine::kMaxLaunchRequest) return engine::kShimUsage;
    std::vector<char> texts(request.bytes);
    if (!read_all(texts.data(), texts.size()) || texts.back() != '\0') return engine::kShimUsage;
    char* at = texts.data();
    const char* end = at + texts.size();
    std::vector<char*> arguments = split(at, end, request.arguments);
    std::vector<char*> variables = split(at, end, request.variables);

    const pid_t pid = fork_sibling();
    if (pid == 0) {
      Arguments parsed;
      if (!parse_arguments(static_cast<int>(arguments.size()) - 1, arguments.data(), parsed)) return engine::kShimUsage;
      set_title(argv, parsed.directory.c_str());
      environ = variables.data();
      syscall(SYS_close_range, static_cast<unsigned>(engine::kLauncherSocket), ~0U, 0U);
      return Supervisor(parsed).run();
    }
    engine::LaunchReply reply;
    reply.error = pid < 0 ? errno : 0;
    reply.pid = pid < 0 ? 0 : pid;
    if (write(engine::kLauncherSocket, &reply, sizeof reply) != static_cast<ssize_t>(sizeof reply)) return 0;
  }
  return 0;
}

}  // namespace tune::shim
