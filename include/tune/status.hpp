#pragma once

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace tune {

/// Why an operation could not be done; the command line maps each to an exit code.
enum class ErrorCode {
  kInternal,  ///< a defect of tune itself
  kInvalid,   ///< bad input: usage, config, arguments
  kInUse,     ///< another process owns the study
  kStorage,   ///< the study's files could not be read or written, or are damaged
  kExecutor,  ///< trials cannot be started here (no such GPU, no shim)
};

/// The outcome of an operation that can fail because of its input or its environment. The message says where, what was
/// given and what is allowed. Immutable; safe to share between threads.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorCode code, std::string message) : error_(Error{code, std::move(message)}) {}

  static Status invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }
  static Status in_use(std::string message) { return {ErrorCode::kInUse, std::move(message)}; }
  static Status storage(std::string message) { return {ErrorCode::kStorage, std::move(message)}; }
  static Status executor(std::string message) { return {ErrorCode::kExecutor, std::move(message)}; }
  static Status internal(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  /// REQUIRES: !ok().
  [[nodiscard]] ErrorCode code() const { return error_->code; }
  /// Empty when ok().
  [[nodiscard]] const std::string& message() const {
    static const std::string kEmpty;
    return error_ ? error_->message : kEmpty;
  }

 private:
  struct Error {
    ErrorCode code;
    std::string message;
  };
  std::optional<Error> error_;
};

/// A `T` or the reason why there is none. REQUIRES for access: ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor): `return value;` must work
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor): so must `return status;`
    assert(!status_.ok());
  }

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Status& status() const { return status_; }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &value(); }

 private:
  T& checked() {
    if (!value_) {
      std::fprintf(stderr, "tune: a Result without a value was used: %s\n", status_.message().c_str());
      std::abort();
    }
    return *value_;
  }

  std::optional<T> value_;
  Status status_;
};

}  // namespace tune

/// Ends the program when a programmer's assumption does not hold; active in every build type.
#define TUNE_CHECK(condition)                                                                    \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      std::fprintf(stderr, "tune: check failed at %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                              \
    }                                                                                            \
  } while (false)

/// Leaves the function with the error of `expression` (a Status) when there is one.
#define TUNE_RETURN_IF_ERROR(expression)                                      \
  do {                                                                        \
    if (::tune::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)
