#include "trainers/support/safetensors_header.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "trainers/support/files.hpp"

namespace tune::trainer {
namespace {

using Json = nlohmann::json;

std::string in_quotes(std::string_view text) { return '"' + shown(text) + '"'; }

/// Takes the events of the JSON parser: no tree is built, names that are there twice are seen, and nothing nests deeper than the
/// format does.
class HeaderReader {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  SafetensorsHeader header;
  std::string error;

  bool null() { return unexpected("null"); }
  bool boolean(bool /*value*/) { return unexpected("true or false"); }
  bool number_integer(number_integer_t /*value*/) { return unexpected("a negative number"); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) { return unexpected("a number that is not whole"); }
  bool binary(binary_t& /*value*/) { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) {
    if (numbers_ == nullptr) return unexpected("a number");
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return unexpected("a number above 2^63");
    numbers_->push_back(static_cast<std::int64_t>(value));
    return true;
  }

  bool string(string_t& value) {
    if (depth_ != 2 || numbers_ != nullptr) return unexpected("a text");
    if (in_metadata_) {
      header.metadata.emplace_back(field_, std::move(value));
      return true;
    }
    if (field_ != "dtype") return unexpected("a text");
    const auto dtype = dtype_named(value);
    if (!dtype) return fail(where() + " has the dtype " + in_quotes(value) + "; allowed: F64, F32, F16, BF16, I64, I32, U8");
    header.entries.back().dtype = *dtype;
    return true;
  }

  bool start_object(std::size_t /*size*/) {
    if (depth_ == 2 || numbers_ != nullptr) return unexpected("an object");
    ++depth_;
    fields_.clear();
    return true;
  }

  bool key(string_t& name) {
    if (depth_ == 1) {
      if (!names_.insert(name).second) return fail("the name " + in_quotes(name) + " is there twice");
      in_metadata_ = name == kMetadataName;
      if (!in_metadata_) header.entries.emplace_back().name = name;
      field_.clear();
      return true;
    }
    field_ = name;
    if (!fields_.insert(name).second) return fail(where() + " has the field " + in_quotes(name) + " twice");
    const bool known = in_metadata_ || name == "dtype" || name == "shape" || name == "data_offsets";
    return known || fail(where() + " has an unknown field " + in_quotes(name));
  }

  bool end_object() {
    --depth_;
    if (depth_ != 1 || in_metadata_) return true;
    if (fields_.size() != 3) return fail(where() + " needs dtype, shape and data_offsets");
    if (offsets_.size() != 2) return fail(where() + " needs two data_offsets");
    header.entries.back().begin = static_cast<std::uint64_t>(offsets_[0]);
    header.entries.back().end = static_cast<std::uint64_t>(offsets_[1]);
    return true;
  }

  bool start_array(std::size_t /*size*/) {
    if (depth_ != 2 || in_metadata_ || numbers_ != nullptr || field_ == "dtype") return unexpected("a list");
    numbers_ = field_ == "shape" ? &header.entries.back().shape : &offsets_;
    numbers_->clear();
    return true;
  }

  bool end_array() {
    numbers_ = nullptr;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& /*exception*/) {
    return fail("no JSON at byte " + std::to_string(position));
  }

 private:
  bool fail(std::string message) {
    if (error.empty()) error = std::move(message);
    return false;
  }

  [[nodiscard]] std::string where() const {
    if (in_metadata_ || header.entries.empty()) return std::string(kMetadataName);
    return "the tensor " + in_quotes(header.entries.back().name);
  }

  bool unexpected(const char* what) {
    if (depth_ == 0) return fail(std::string(what) + " where an object should be");
    return fail(where() + " has " + what + " where it does not belong" + (field_.empty() ? "" : ", in " + in_quotes(field_)));
  }

  int depth_ = 0;
  bool in_metadata_ = false;
  std::string field_;
  std::vector<std::int64_t>* numbers_ = nullptr;  ///< the list that is being read
  std::vector<std::int64_t> offsets_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> fields_;
};

Outcome check_layout(SafetensorsHeader& header, std::uint64_t data_bytes) {
  const auto& entries = header.entries;
  header.data_order.resize(entries.size());
  std::iota(header.data_order.begin(), header.data_order.end(), 0U);
  std::stable_sort(header.data_order.begin(), header.data_order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(entries[a].begin, entries[a].end) < std::pair(entries[b].begin, entries[b].end);
  });
  std::uint64_t at = 0;
  for (const std::size_t index : header.data_order) {
    const TensorEntry& entry = entries[index];
    const std::string name = "the tensor " + in_quotes(entry.name);
    if (entry.begin > entry.end) return Failure{name + " ends before it begins"};
    const auto size = bytes_of_shape(entry.dtype, entry.shape);
    if (!size || *size != entry.end - entry.begin) return Failure{name + " has data_offsets that do not fit its shape"};
    if (entry.begin != at) return Failure{name + (entry.begin < at ? " overlaps another" : " has unused bytes before it")};
    at = entry.end;
    if (at > data_bytes) return Failure{name + " ends behind the file"};
  }
  if (at != data_bytes) return Failure{"the file is longer than its header says"};
  return {};
}

std::string list_of(const std::vector<std::int64_t>& numbers) {
  std::string out = "[";
  for (const std::int64_t number : numbers) out += (out.size() > 1 ? "," : "") + std::to_string(number);
  return out + "]";
}

}  // namespace

std::optional<std::uint64_t> bytes_of_shape(Dtype dtype, const std::vector<std::int64_t>& shape) {
  std::uint64_t bytes = bytes_per_value(dtype);
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) return std::nullopt;
  }
  return bytes;
}

Fallible<SafetensorsHeader> parse_safetensors_header(std::string_view text, std::uint64_t data_bytes) {
  HeaderReader reader;
  if (!text.starts_with('{')) return Failure{"damaged header: it does not begin with {"};
  const bool read = Json::sax_parse(text.begin(), text.end(), &reader);
  if (!read) return Failure{"damaged header: " + (reader.error.empty() ? std::string("no JSON") : reader.error)};
  if (auto failure = check_layout(reader.header, data_bytes)) return Failure{"damaged: " + failure->message};
  return std::move(reader.header);
}

Fallible<std::string> write_safetensors_header(const SafetensorsHeader& header) {
  const auto json_text = [](const std::string& text) { return Json(text).dump(); };
  try {
    std::string out = "{";
    if (!header.metadata.empty()) {
      out += json_text(std::string(kMetadataName)) + ":{";
      for (const auto& [name, value] : header.metadata) {
        if (out.back() != '{') out += ',';
        out += json_text(name) + ":" + json_text(value);
      }
      out += '}';
    }
    for (const TensorEntry& entry : header.entries) {
      if (out.size() > 1) out += ',';
      out += json_text(entry.name) + R"(:{"dtype":")" + std::string(dtype_name(entry.dtype)) + R"(","shape":)" +
             list_of(entry.shape) + R"(,"data_offsets":[)" + std::to_string(entry.begin) + "," + std::to_string(entry.end) + "]}";
    }
    return out + "}";
  } catch (const Json::type_error&) {
    return Failure{"a name or a text of the metadata is not UTF-8"};
  }
}

}  // namespace tune::trainer
