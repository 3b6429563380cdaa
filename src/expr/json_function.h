// JSON_VALUE and its kin: what the parser and the functions agree on.
//   JSON_VALUE(json, path [, on_empty, default, on_error, default])   on_…: 'NULL', 'ERROR',
//   'DEFAULT' JSON_QUERY(json, path [, wrapper, on_empty, on_error])            'EMPTY ARRAY',
//   'EMPTY OBJECT' JSON_EXISTS(json, path [, on_error])                              'TRUE',
//   'FALSE', 'UNKNOWN'
#pragma once

#include "registry.h"

namespace dataflow::expr {

void add_json(FunctionList& list);

}  // namespace dataflow::expr
