#include "metrics/log_reader.hpp"
