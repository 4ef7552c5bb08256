#include "engine/executors/shim_launcher.hpp"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "engine/executors/launch_protocol.hpp"
#include "engine/executors/spawn_attributes.hpp"

extern char** environ;

namespace tune::engine {

namespace {

bool send_all(int socket, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent = send(socket, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

/// The whole request, header included.
std::string encode(const std::vector<std::string>& arguments, const std::vector<std::string>& variables) {
  std::string texts;
  for (const auto* list : {&arguments, &variables}) {
    for (const std::string& text : *list) texts.append(text.c_str()).push_back('\0');
  }
  const LaunchRequest request{static_cast<std::uint32_t>(texts.size()), static_cast<std::uint32_t>(arguments.size()),
                              static_cast<std::uint32_t>(variables.size())};
  std::string message(reinterpret_cast<const char*>(&request), sizeof request);
  return message += texts;
}

}  // namespace

ShimLauncher::~ShimLauncher() { end(); }

int ShimLauncher::start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], kLauncherSocket);
  const SpawnAttributes attributes;
  std::string room(kTitleRoom, ' ');
  std::string option = "--launcher";
  char* argv[] = {shim_path_.data(), option.data(), room.data(), nullptr};
  const int error = posix_spawn(&pid_, shim_path_.c_str(), &actions, attributes.get(), argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    pid_ = 0;
    return error;
  }
  socket_ = ends[0];
  return 0;
}

void ShimLauncher::end() {
  if (socket_ >= 0) close(socket_);  // which is what it waits for
  socket_ = -1;
  if (pid_ > 0) {
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = 0;
}

std::pair<int, pid_t> ShimLauncher::launch(const std::vector<std::string>& arguments, const std::vector<std::string>& variables) {
  const std::string message = encode(arguments, variables);
  if (message.size() > kMaxLaunchRequest) return {E2BIG, 0};
  // One that was killed meanwhile has not got the whole request, so another one may.
  for (int tries = 0; tries < 2; ++tries) {
    if (socket_ < 0) {
      if (const int error = start(); error != 0) return {error, 0};
    }
    if (send_all(socket_, message)) return receive();
    end();
  }
  return {EPIPE, 0};
}

std::pair<int, pid_t> ShimLauncher::receive() {
  LaunchReply reply;
  ssize_t got = -1;
  while ((got = recv(socket_, &reply, sizeof reply, MSG_WAITALL)) < 0 && errno == EINTR) {
  }
  if (got == static_cast<ssize_t>(sizeof reply)) return {reply.error, reply.pid};
  end();  // somebody killed it, perhaps between its fork and its answer
  return {ECONNRESET, 0};
}

}  // namespace tune::engine
