#include "tune/registry.hpp"

namespace tune {

Registry builtin() {
  Registry registry;
  return registry;
}

}  // namespace tune
