// A shared object that may be a plug-in.
#pragma once

#include <string>

#include "base/env.h"
#include "base/status.h"

namespace dataflow::plugin::abi {
struct Plugin;
}

namespace dataflow::plugins {

// Opens it, and asks it what it is; it stays in the process if it is a plug-in that fits. kInvalid
// for what is none, kUnsupported for one of another version or machine.
Result<const plugin::abi::Plugin*> open_library(Env& env, const std::string& path);

// Whether it was made for the interface that this program has.
Status check_fits(const plugin::abi::Plugin& plugin);

}  // namespace dataflow::plugins
