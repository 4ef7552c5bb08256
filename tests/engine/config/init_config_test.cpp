#include "engine/config/init_config.hpp"

#include <doctest/doctest.h>

#include "engine/config/config.hpp"
#include "tests/engine/config/test_registry.hpp"
#include "tests/support/test_support.hpp"
#include "tune/random.hpp"

using namespace tune;
using namespace tune::engine;

namespace {

StudySpec spec_of(const std::string& path, const std::string& script) {
  const std::string text = init_config(path, script);
  const auto loaded =
      parse_config(text, "new.yaml", test::config_registry(), {.working_directory = "/", .program_directory = ""});
  REQUIRE_MESSAGE(loaded.ok(), loaded.status().message() << "\n" << text);
  CHECK(loaded->notes.empty());
  return loaded->spec;
}

std::string command_of(const StudySpec& spec) {
  std::string text;
  for (const CommandPart& part : spec.command) text += (text.empty() ? "" : " ") + part.words[0];
  return text;
}

constexpr const char* kTorch = R"PY(#!/usr/bin/env python3
import argparse
def main():
    parser = argparse.ArgumentParser(description="it's (a) test")
    parser.add_argument("--lr", "--learning-rate", type=float, default=1e-3, help="the rate, in (0, 1)")
    parser.add_argument('--batch-size', type=int, default=64, metavar='N')
    parser.add_argument('--epochs', type=int, default=14)
    parser.add_argument('--optimizer', choices=['sgd', "adam"], default='sgd')
    parser.add_argument('--momentum', default=0.9,
                        type=float)   # a comment with "quotes
    parser.add_argument('--dropout', default=0.25)
    parser.add_argument('--weight-decay', type=float, default=0)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--no-cuda', action='store_true')
    parser.add_argument('--data', required=True)
    args = parser.parse_args()
    for epoch in range(args.epochs):
        print(f"Epoch {epoch}: train loss {loss:.4f} val_loss={vl:.4f} val acc: {100. * acc:.2f}%")
        logging.info("lr: %g", lr)
)PY";

}  // namespace

TEST_CASE("an argparse script: its options become parameters, its prints metrics") {
  const StudySpec s = spec_of("scripts/my train.py", kTorch);
  CHECK(s.name == "my-train");
  REQUIRE(s.space.size() == 6);
  CHECK(s.space[0].name == "learning_rate");
  CHECK(s.space[0].min == 1e-5);
  CHECK(s.space[0].max == 0.1);
  CHECK(s.space[0].scale == Scale::kLog);
  CHECK(s.space[1].name == "batch_size");
  CHECK(s.space[1].type == ParameterType::kInt);
  CHECK(s.space[1].min == 16);
  CHECK(s.space[1].max == 256);
  CHECK(s.space[2].values == std::vector<Value>{"sgd", "adam"});
  CHECK(s.space[3].scale == Scale::kReverseLog);
  CHECK(s.space[4].name == "dropout");
  CHECK(s.space[5].max == 0.01);
  CHECK(s.static_values == std::vector<std::pair<std::string, Value>>{{"epochs", std::int64_t{14}}});
  CHECK(command_of(s) ==
        "python3 scripts/my train.py --learning-rate={learning_rate} --batch-size={batch_size} --epochs={epochs} "
        "--optimizer={optimizer} "
        "--momentum={momentum} --dropout={dropout} --weight-decay={weight_decay} --data=CHANGE_ME");
  CHECK(s.objective.metric == "val_acc");
  CHECK(s.objective.goal == Goal::kMaximize);
  std::vector<std::string> names;
  for (const MetricDefinition& one : s.metrics) {
    names.push_back(one.name);
    CHECK(one.step == "\\bEpoch\\s*(\\d+)");
    CHECK(one.step_offset == 1);
  }
  CHECK(names == std::vector<std::string>{"train_loss", "val_loss", "val_acc", "lr"});
  REQUIRE(s.stopping);
  CHECK(s.stopping->policy.name == "median");
}

TEST_CASE("other kinds of scripts") {
  const StudySpec click = spec_of(
      "tool",
      "#!/usr/bin/env python\n@click.option('--alpha', default=0.5)\n@click.option('--kind', type=click.Choice(['a', 'b']))\n"
      "def f():\n  print('rmse:', rmse)\n  print('epoch %d' % e)\n");
  CHECK(command_of(click) == "python3 tool --alpha={alpha} --kind={kind}");
  CHECK(click.objective.metric == "rmse");
  CHECK(click.objective.goal == Goal::kMinimize);

  const StudySpec shell = spec_of("run.sh", "#!/bin/sh\necho \"score=$SCORE\"\n");
  CHECK(command_of(shell) == "bash run.sh --learning_rate={learning_rate}");
  CHECK(shell.objective.metric == "score");
  CHECK(!shell.stopping);

  const StudySpec nothing = spec_of("a.out", std::string("\x7F"
                                                         "ELF\0\x01\xFF",
                                                         7));
  CHECK(command_of(nothing) == "./a.out --learning_rate={learning_rate}");
  CHECK(nothing.objective.metric == "loss");
  CHECK(spec_of("{odd} 'name'.py", "").command[1].words[0] == "{{odd}} 'name'.py");
  CHECK(spec_of("t\xE9.py", "").name == "t-");
  CHECK(init_config("x", "print('@tune {}')").find("`@tune {...}` lines") != std::string::npos);
}

TEST_CASE("whatever the script holds, the config parses") {
  const std::string source = kTorch;
  const std::string odd = "(){}[]'\"\\%$=:,#\n\xE9 {x}--loss0";
  for (std::int64_t i = 0; i < 300; ++i) {
    RandomStream stream(3, i, "mutate");
    std::string script = source;
    for (int edit = 0; edit < 20; ++edit) {
      const std::size_t at = stream.below(script.size());
      switch (stream.below(3)) {
        case 0:
          script[at] = odd[stream.below(odd.size())];
          break;
        case 1:
          script.erase(at, stream.below(30));
          break;
        default:
          script.insert(at, script.substr(stream.below(script.size()), stream.below(60)));
      }
    }
    spec_of("train.py", script);
  }
}

TEST_CASE("a script that cannot be read is an error") {
  const test::TempDir dir;
  CHECK(init_config(dir / "none.py").status().message().find("cannot be read") != std::string::npos);
  CHECK(init_config(dir.path().string()).status().message().find("directory") != std::string::npos);
  CHECK(init_config(dir.write("t.py", "print('acc=%f' % a)\n")).ok());
}
