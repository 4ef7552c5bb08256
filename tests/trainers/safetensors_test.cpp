#include "trainers/support/safetensors.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers/python_peer.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

template <class... Numbers>
std::string raw(Numbers... numbers) {
  std::string out;
  (out.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return out;
}

/// Every type once, and shapes of no dimension, of none of one, and of three.
std::vector<Tensor> samples() {
  return {{.name = "bytes", .dtype = Dtype::kU8, .shape = {3}, .bytes = std::string("\0\x7F\xFF", 3)},
          {.name = "half", .dtype = Dtype::kF16, .shape = {1, 2}, .bytes = raw(std::uint16_t{0x3C00}, std::uint16_t{0xC000})},
          {.name = "brain", .dtype = Dtype::kBF16, .shape = {2}, .bytes = raw(std::uint16_t{0x3F80}, std::uint16_t{0xC000})},
          {.name = "weights", .dtype = Dtype::kF32, .shape = {2, 1, 2}, .bytes = raw(1.0F, -0.5F, 3.0F, 1e-30F)},
          {.name = "none", .dtype = Dtype::kF32, .shape = {4, 0}, .bytes = ""},
          {.name = "sum \"quoted\" \xC3\xA9", .dtype = Dtype::kF64, .shape = {}, .bytes = raw(0.1)},
          {.name = "steps", .dtype = Dtype::kI64, .shape = {2}, .bytes = raw(std::int64_t{-1}, std::int64_t{1} << 40)},
          {.name = "labels", .dtype = Dtype::kI32, .shape = {1}, .bytes = raw(std::int32_t{-7})}};
}

const FlatObject kMetadata = {{"format", "pt"}, {"text", "a \"b\"\n\xC3\xA9"}, {"empty", ""}};

std::vector<TensorView> views(const std::vector<Tensor>& tensors) { return {tensors.begin(), tensors.end()}; }

std::string encoded(const std::vector<Tensor>& tensors, const FlatObject& metadata = {}) {
  const auto pieces = encode_safetensors(views(tensors), metadata);
  REQUIRE_MESSAGE(pieces.ok(), pieces.failure().message);
  std::string out;
  for (const std::string_view piece : pieces.value().all()) out += piece;
  return out;
}

std::string with_header(const std::string& header, std::size_t data_bytes = 0) {
  return raw(std::uint64_t{header.size()}) + header + std::string(data_bytes, 'x');
}

std::string failure_of(const std::string& bytes) {
  const auto decoded = decode_safetensors(bytes);
  return decoded.ok() ? "none" : decoded.failure().message;
}

constexpr const char* kPrintAll = R"(
import json, safetensors, sys
data = open(sys.argv[1], "rb").read()
for name, info in sorted(safetensors.deserialize(data), key=lambda pair: pair[0]):
    print(json.dumps([name, info["dtype"], info["shape"], bytes(info["data"]).hex()]))
with safetensors.safe_open(sys.argv[1], framework="np") as file:
    print(json.dumps(file.metadata(), sort_keys=True))
    print(file.get_tensor("weights").tolist(), file.get_tensor("steps").tolist(), file.get_tensor("half").tolist())
    print(file.get_tensor('sum "quoted" \u00e9').item())
)";

constexpr const char* kWriteAll = R"(
import sys, numpy, safetensors, safetensors.numpy
arrays = {"d": numpy.array(0.1), "f": numpy.array([[1, -0.5], [3, 1e-30]], "float32"), "h": numpy.array([[1, -2]], "float16"),
          "l": numpy.array([-1, 2**40]), "i": numpy.array([-7], "int32"), "u": numpy.array([0, 127, 255], "uint8"), "z": numpy.zeros([4, 0], "float32")}
safetensors.numpy.save_file(arrays, sys.argv[1], metadata={"format": "np", "\u00e9": "a \"b\"\n"})
)";

}  // namespace

TEST_CASE("Python's safetensors reads what is written") {
  const auto python = python_with("numpy, safetensors");
  if (!python) return;
  const TempDir folder;
  REQUIRE_FALSE(write_safetensors(folder / "all.safetensors", views(samples()), kMetadata).has_value());
  CHECK(python_says(*python, kPrintAll, {folder / "all.safetensors"}) ==
        R"(["brain", "BF16", [2], "803f00c0"]
["bytes", "U8", [3], "007fff"]
["half", "F16", [1, 2], "003c00c0"]
["labels", "I32", [1], "f9ffffff"]
["none", "F32", [4, 0], ""]
["steps", "I64", [2], "ffffffffffffffff0000000000010000"]
["sum \"quoted\" \u00e9", "F64", [], "9a9999999999b93f"]
["weights", "F32", [2, 1, 2], "0000803f000000bf000040406042a20d"]
{"empty": "", "format": "pt", "text": "a \"b\"\n\u00e9"}
[[[1.0, -0.5]], [[3.0, 1.0000000031710769e-30]]] [-1, 1099511627776] [[1.0, -2.0]]
0.1
)");
  REQUIRE_FALSE(write_safetensors(folder / "empty.safetensors", {}).has_value());
  CHECK(python_says(*python, "import safetensors, sys; print(safetensors.deserialize(open(sys.argv[1], 'rb').read()))",
                    {folder / "empty.safetensors"}) == "[]\n");
}

TEST_CASE("what Python's safetensors writes is read") {
  const auto python = python_with("numpy, safetensors");
  if (!python) return;
  const TempDir folder;
  const std::string path = folder / "python.safetensors";
  python_says(*python, kWriteAll, {path});
  const auto file = read_safetensors(path);
  REQUIRE_MESSAGE(file.ok(), file.failure().message);
  CHECK(file.value().tensors.size() == 7);
  const auto expect = [&](const char* name, Dtype dtype, std::vector<std::int64_t> shape, const std::string& bytes) {
    const Tensor* tensor = file.value().tensor(name);
    REQUIRE(tensor != nullptr);
    CHECK(*tensor == Tensor{.name = name, .dtype = dtype, .shape = std::move(shape), .bytes = bytes});
  };
  expect("d", Dtype::kF64, {}, raw(0.1));
  expect("f", Dtype::kF32, {2, 2}, raw(1.0F, -0.5F, 3.0F, 1e-30F));
  expect("h", Dtype::kF16, {1, 2}, raw(std::uint16_t{0x3C00}, std::uint16_t{0xC000}));
  expect("l", Dtype::kI64, {2}, raw(std::int64_t{-1}, std::int64_t{1} << 40));
  expect("i", Dtype::kI32, {1}, raw(std::int32_t{-7}));
  expect("u", Dtype::kU8, {3}, std::string("\0\x7F\xFF", 3));
  expect("z", Dtype::kF32, {4, 0}, "");
  FlatObject metadata = file.value().metadata;
  std::sort(metadata.begin(), metadata.end());
  CHECK(metadata == FlatObject{{"format", "np"}, {"\xC3\xA9", "a \"b\"\n"}});
}

TEST_CASE("what is written is read back, in its order, and each value lies at a multiple of its size") {
  const std::vector<Tensor> tensors = samples();
  const std::string bytes = encoded(tensors, kMetadata);
  std::string seen;
  const auto file = decode_safetensors(bytes, [&](std::string_view piece) { seen += piece; });
  REQUIRE_MESSAGE(file.ok(), file.failure().message);
  CHECK(file.value().tensors == tensors);
  CHECK(file.value().metadata == kMetadata);
  CHECK(seen == bytes);
  for (const Tensor& tensor : tensors) {
    if (!tensor.bytes.empty()) CHECK(bytes.rfind(tensor.bytes) % bytes_per_value(tensor.dtype) == 0);
  }
  CHECK(decode_safetensors(encoded({})).value().tensors.empty());
}

TEST_CASE("files of any tensors come back as they were written") {
  std::mt19937_64 random(7);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const Dtype dtypes[] = {Dtype::kF64, Dtype::kF32, Dtype::kF16, Dtype::kBF16, Dtype::kI64, Dtype::kI32, Dtype::kU8};
  for (int round = 0; round < 200; ++round) {
    std::vector<Tensor> tensors;
    for (std::uint64_t count = below(8); count > 0; --count) {
      Tensor tensor{.name = "t" + std::to_string(count), .dtype = dtypes[below(7)], .shape = {}, .bytes = ""};
      std::size_t values = 1;
      for (std::uint64_t rank = below(4); rank > 0; --rank) {
        tensor.shape.push_back(static_cast<std::int64_t>(below(4)));
        values *= static_cast<std::size_t>(tensor.shape.back());
      }
      for (std::size_t i = 0; i < values * bytes_per_value(tensor.dtype); ++i) tensor.bytes += static_cast<char>(random());
      tensors.push_back(std::move(tensor));
    }
    CHECK(decode_safetensors(encoded(tensors)).value().tensors == tensors);
  }
}

TEST_CASE("a file that was cut is refused, wherever, and one with more behind it") {
  const std::string bytes = encoded(samples(), kMetadata);
  for (std::size_t length = 0; length < bytes.size(); ++length) CHECK(failure_of(bytes.substr(0, length)) != "none");
  CHECK(failure_of(bytes + "x") == "damaged: the file is longer than its header says");
}

TEST_CASE("every field of a header is checked") {
  const auto tensor = [](const std::string& fields) { return R"({"a":{)" + fields + "}}"; };
  const std::pair<std::string, std::string> cases[] = {
      {"", "it does not begin with {"},
      {"[]", "it does not begin with {"},
      {R"({"a":)", "no JSON at byte 6"},
      {R"({"a":1})", R"(the tensor "a" has a number where it does not belong)"},
      {R"({"a":{}})", "needs dtype, shape and data_offsets"},
      {R"({"a":null})", "has null where"},
      {R"({"__metadata__":{"a":1}})", R"(__metadata__ has a number where it does not belong, in "a")"},
      {R"({"__metadata__":{"a":"b","a":"c"}})", R"(__metadata__ has the field "a" twice)"},
      {R"({"__metadata__":{"a":{"b":"c"}}})", "__metadata__ has an object where"},
      {R"({"__metadata__":{},"__metadata__":{}})", R"(the name "__metadata__" is there twice)"},
      {tensor(R"("dtype":"F31","shape":[1],"data_offsets":[0,4])"), R"(has the dtype "F31"; allowed: F64,)"},
      {tensor(R"("dtype":4,"shape":[1],"data_offsets":[0,4])"), R"(has a number where it does not belong, in "dtype")"},
      {tensor(R"("dtype":"F32","shape":"1","data_offsets":[0,4])"), R"(has a text where it does not belong, in "shape")"},
      {tensor(R"("dtype":"F32","shape":[[1]],"data_offsets":[0,4])"), "has a list where"},
      {tensor(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), "has a negative number where"},
      {tensor(R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])"), "has a number that is not whole"},
      {tensor(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4])"), "has a number above 2^63"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])"), "needs two data_offsets"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), "ends before it begins"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), "data_offsets that do not fit its shape"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), "has unused bytes before it"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), "ends behind the file"},
      {tensor(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0])"), "do not fit its shape"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1)"), R"(has an unknown field "more")"},
      {tensor(R"("dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4])"), R"(has the field "shape" twice)"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
       R"(the tensor "b" overlaps another)"},
  };
  for (const auto& one : cases) {
    const std::string& header = one.first;
    const std::string& message = one.second;
    CAPTURE(header);
    const std::string failure = failure_of(with_header(header, 4));
    CHECK_MESSAGE(failure.find(message) != std::string::npos, failure);
  }
  CHECK(failure_of(with_header(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), 4)) == "none");
  CHECK(failure_of(with_header(R"({"a":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}    )", 4)) == "none");
  CHECK(failure_of(raw(std::uint64_t{1} << 60) + "{}").find("its header would have") != std::string::npos);
  CHECK(failure_of(raw(std::uint64_t{99'999'999}) + "{}").find("its header is longer than the file") != std::string::npos);
  const std::string deep(100'000, '[');
  CHECK(failure_of(with_header(R"({"a":)" + deep)).find("has a list where") != std::string::npos);
  CHECK(failure_of(with_header("{\"a\x1B[2J\":1}")) == "damaged header: no JSON at byte 4");
  CHECK(failure_of(with_header("{\"a\xC2\x9B\":1}")).find("the tensor \"a??\"") != std::string::npos);
}

TEST_CASE("what the format cannot hold is not written") {
  const TempDir folder;
  const std::string path = folder / "x.safetensors";
  const auto failure_to_write = [&](const std::vector<Tensor>& tensors, const FlatObject& metadata = {}) {
    const auto failure = write_safetensors(path, views(tensors), metadata);
    return failure ? failure->message : "none";
  };
  const Tensor one{.name = "a", .dtype = Dtype::kU8, .shape = {1}, .bytes = "x"};
  Tensor other = one;
  CHECK(failure_to_write({one, one}) == path + ": safetensors: the name \"a\" is taken");
  other.name = "__metadata__";
  CHECK(failure_to_write({other}).find("is taken") != std::string::npos);
  other.name = "\xFF";
  CHECK(failure_to_write({other}).find("is not UTF-8") != std::string::npos);
  other = one;
  other.shape = {2};
  CHECK(failure_to_write({other}).find("has 1 bytes, which do not fit its shape") != std::string::npos);
  other.shape = {-1};
  CHECK(failure_to_write({other}) != "none");
  CHECK(failure_to_write({one}, {{"a", "1"}, {"a", "2"}}).find("in the metadata twice") != std::string::npos);
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(failure_to_write({one}) == "none");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("what cannot be opened, or is no file, is said") {
  const TempDir folder;
  CHECK(read_safetensors(folder / "none").failure().message.find("cannot be read: No such file") != std::string::npos);
  CHECK(read_safetensors(folder.path().string()).failure().message.find("is no file") != std::string::npos);
  const std::string path = folder.write("short", "1234567");
  CHECK(read_safetensors(path).failure().message == path + ": cut short");
}
