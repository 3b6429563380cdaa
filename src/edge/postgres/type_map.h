// Our types and PostgreSQL's: which stands for which.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "types/type.h"

namespace dataflow::postgres {

namespace oid {
inline constexpr uint32_t kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21,
                          kInt4 = 23, kText = 25, kOid = 26, kJson = 114, kFloat4 = 700,
                          kFloat8 = 701, kUnknown = 705, kBpchar = 1042, kVarchar = 1043,
                          kDate = 1082, kTime = 1083, kTimestamp = 1114, kTimestampTz = 1184,
                          kInterval = 1186, kNumeric = 1700, kUuid = 2950, kJsonb = 3802;
}  // namespace oid

// What values of the type are sent as: maps, rows and arrays of nested types as JSON.
uint32_t oid_of(const Type& type);
// What values that a client sends as that become; none: the statement says ("unknown", and what has
// no type of ours).
std::optional<Type> type_of_oid(uint32_t oid);
// Of an array's elements; 0: that is no array.
uint32_t element_of(uint32_t oid);
uint32_t array_of(uint32_t element);  // 0: there is none

// pg_type.typlen: bytes of a value, -1 where they differ.
int16_t size_of(uint32_t oid);
// atttypmod, where the type was sent under its own OID; -1: none.
int32_t modifier_of(const Type& type);

}  // namespace dataflow::postgres
