#include "sql/settings.h"

namespace dataflow::sql {}  // namespace dataflow::sql
