#include "cli/command_line.hpp"

int main(int argc, char** argv) { return tune::cli::main_with({argv + 1, argv + argc}, tune::builtin()); }
