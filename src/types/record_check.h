// The walk behind check_records(): over records that come in pieces.
#pragma once

#include "decoded_pieces.h"
#include "types/record.h"

namespace dataflow {

// The records of a batch with `header`, whose uncompressed bytes `pieces` gives. Fails with the
// source's error if it has one, whatever the records are: it is always read to its end.
Result<RecordTimes> check_record_pieces(const BatchHeader& header, PieceSource& pieces,
                                        bool require_keys);

}  // namespace dataflow
