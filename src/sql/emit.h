// EMIT: when the results of windows leave.
#pragma once

#include "rel.h"

namespace dataflow::sql {

// The Rel with the windows that give its rows telling each change at once: those between which and
// the result stand only steps that take changes. Without such windows it is the same: all other
// results leave as they change.
RelPtr emitting_changes(const RelPtr& rel);

// Whether each row of it leaves once, when the window that it is of closes.
bool leaves_on_close(const Rel& rel);

}  // namespace dataflow::sql
