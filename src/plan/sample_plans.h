// Plans for tests: short ways to write nodes, and random ones.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace dataflow::plan {

SchemaPtr schema(std::vector<Field> fields);
expr::ExpressionPtr parsed(const std::string& text);  // ends the test program if it is none
Node node(std::string id, Spec spec, std::vector<Input> inputs = {});

// orders (id BIGINT NOT NULL, user STRING, amount DOUBLE, price DECIMAL(10, 2), n INT, ts
// TIMESTAMP(3), tags ARRAY<STRING>), with a watermark on ts.
Node orders(std::string id = "orders");
Node sink(std::string input, std::string output = "");
Aggregate aggregate(std::string name, std::string function, const std::string& argument = "");
// Tumbling, a minute, by user, n = COUNT(*).
WindowSpec counts();
// orders -> `middle` -> out.
Plan through(Node middle);
// A valid plan with a node of each kind, and with each optional part.
Plan every_kind();

// Any values in any field: most of them are not valid.
Plan random_plan(std::mt19937_64& random);

}  // namespace dataflow::plan
