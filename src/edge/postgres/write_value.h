// Values as PostgreSQL sends them.
#pragma once

#include <cstdint>
#include <string>

#include "types/value.h"

namespace dataflow::postgres {

// As PostgreSQL prints it (DateStyle ISO, IntervalStyle postgres, bytea_output hex). Not for NULL.
void write_text(const Value& value, std::string& out);
// As the binary format of the type with that OID, which is oid_of(value.type()) or an integer or
// text type in its place. Not for NULL.
void write_binary(const Value& value, uint32_t oid, std::string& out);

// As JSON, for what PostgreSQL has no type for.
void write_json(const Value& value, std::string& out);

}  // namespace dataflow::postgres
