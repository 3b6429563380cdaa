// Windows over a column that is not the event time: nothing says when they are whole, so that they
// never close. They are marks of the rows, computed of the column, and what is grouped by them
// changes as any group does.
#pragma once

#include "rel.h"

namespace dataflow::sql {

// The rows whose time is not NULL, once for each window that they are in; behind the input's
// columns window_start, window_end and window_time. Not of sessions.
Result<RelPtr> make_open_windows(RelPtr input, const WindowTableRel& window);

}  // namespace dataflow::sql
