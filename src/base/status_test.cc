#include "base/status.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace dataflow {
namespace {

TEST(StatusTest, ok_carries_nothing) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.to_string(), "ok");
  EXPECT_TRUE(status.with_context("doing it").ok());
}

TEST(StatusTest, context_goes_in_front_and_keeps_code_and_detail) {
  const Status status(StatusCode::kConflict, "fenced", 7);
  const Status wider = status.with_context("committing group g");
  EXPECT_EQ(wider.to_string(), "conflict: committing group g: fenced");
  EXPECT_EQ(wider.code(), StatusCode::kConflict);
  EXPECT_EQ(wider.detail(), 7);
  EXPECT_EQ(status.message(), "fenced");
}

Result<std::unique_ptr<int>> half(int n) {
  if (n % 2 != 0) return Status::invalid("odd");
  return std::make_unique<int>(n / 2);
}

Status quarter(int n, int& out) {
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<int> once, half(n));
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<int> twice, half(*once));
  out = *twice;
  return {};
}

TEST(StatusTest, results_hold_a_value_or_a_failure) {
  int out = 0;
  EXPECT_TRUE(quarter(12, out).ok());
  EXPECT_EQ(out, 3);
  EXPECT_EQ(quarter(6, out).code(), StatusCode::kInvalid);
  EXPECT_EQ(quarter(3, out).message(), "odd");
  EXPECT_TRUE(half(2).status().ok());
}

TEST(StatusTest, every_code_has_its_own_name) {
  std::vector<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(StatusCode::kInternal); ++code) {
    const std::string_view name = status_code_name(static_cast<StatusCode>(code));
    EXPECT_NE(name, "unknown") << code;
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
    names.push_back(name);
  }
}

}  // namespace
}  // namespace dataflow
