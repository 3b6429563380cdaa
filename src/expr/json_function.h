// JSON_VALUE and its kin: what the parser and the functions agree on.
//   JSON_VALUE(json, path [, on_empty, default, on_error, default])   on_…: 'NULL', 'ERROR',
//   'DEFAULT' JSON_QUERY(json, path [, wrapper, on_empty, on_error])            'EMPTY ARRAY',
//   'EMPTY OBJECT' JSON_EXISTS(json, path [, on_error])                              'TRUE',
//   'FALSE', 'UNKNOWN'
//   JSON_OBJECT(on_null, key, value, …)   JSON_ARRAY(on_null, value, …)   'NULL', 'ABSENT'
#pragma once

#include "registry.h"

namespace dataflow::expr {

void add_json(FunctionList& list);
void add_json_makers(FunctionList& list);  // json_make.cc

}  // namespace dataflow::expr
