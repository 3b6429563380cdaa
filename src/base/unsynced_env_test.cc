#include "base/unsynced_env.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"

namespace dataflow {
namespace {

TEST(UnsyncedEnvTest, WhatIsWrittenIsThereUntilThePowerGoes) {
  FaultEnv disk;
  const auto env = make_unsynced_env(disk);
  ASSERT_TRUE(env->create_dirs("/d").ok());
  {
    auto file = env->open("/d/f", OpenMode::kCreate);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->write_at(0, "words").ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  ASSERT_TRUE(env->sync_dir("/d").ok());
  EXPECT_EQ(*env->read_file("/d/f", 100), "words");
  disk.crash();
  EXPECT_FALSE(disk.exists("/d/f"));
}

}  // namespace
}  // namespace dataflow
