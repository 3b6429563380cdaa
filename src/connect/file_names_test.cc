// The files that a path means.
#include "file_names.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"

namespace dataflow::connect {
namespace {

using Names = std::vector<std::string>;

TEST(FileNames, MatchAsInAShell) {
  EXPECT_TRUE(name_matches("*.json", "a.json"));
  EXPECT_TRUE(name_matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(name_matches("a*b*c", "a-b-b"));
  EXPECT_TRUE(name_matches("??", "ab"));
  EXPECT_FALSE(name_matches("??", "a"));
  EXPECT_TRUE(name_matches("part-[0-9a].csv", "part-7.csv"));
  EXPECT_TRUE(name_matches("part-[0-9a].csv", "part-a.csv"));
  EXPECT_FALSE(name_matches("part-[!0-9].csv", "part-7.csv"));
  EXPECT_TRUE(name_matches("a[b", "a[b"));
  EXPECT_TRUE(name_matches("*", ""));
  EXPECT_FALSE(name_matches("", "a"));
}

class FilesOf : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* path : {"in/a.json", "in/b.csv", "in/_c.json", "in/.d.json", "in/x/e.json",
                             "in/x/y/f.json", "in/_x/g.json"}) {
      ASSERT_TRUE(env_.create_dirs(parent_dir(path)).ok());
      ASSERT_TRUE(env_.open(path, OpenMode::kCreate).ok());
    }
  }
  Names files(const std::string& path) {
    Result<Names> found = files_of(env_, path);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : Names();
  }
  FaultEnv env_;
};

TEST_F(FilesOf, AFileIsItself) {
  EXPECT_EQ(files("in/a.json"), Names{"in/a.json"});
  EXPECT_EQ(files("in/_c.json"), Names{"in/_c.json"});
}

TEST_F(FilesOf, AFolderIsWhatIsDoneInIt) {
  EXPECT_EQ(files("in"), (Names{"in/a.json", "in/b.csv", "in/x/e.json", "in/x/y/f.json"}));
  EXPECT_EQ(files("in/x/"), (Names{"in/x/e.json", "in/x/y/f.json"}));
}

TEST_F(FilesOf, APatternMatches) {
  EXPECT_EQ(files("in/*.json"), Names{"in/a.json"});
  EXPECT_EQ(files("in/_*.json"), Names{"in/_c.json"});
  EXPECT_EQ(files("in/*/*.json"), Names{"in/x/e.json"});
  EXPECT_EQ(files("in/**/*.json"), (Names{"in/a.json", "in/x/e.json", "in/x/y/f.json"}));
  EXPECT_EQ(files("in/x/**"), (Names{"in/x/e.json", "in/x/y/f.json"}));
  EXPECT_EQ(files("i?/[a]*"), Names{"in/a.json"});
  EXPECT_EQ(files("in/*.parquet"), Names{});
  EXPECT_EQ(files("*/x/y/f.json"), Names{"in/x/y/f.json"});
}

TEST_F(FilesOf, AFolderThatCannotBeReadIsNoEmptyOne) {
  for (const char* path : {"in", "in/*/*.json", "in/**/*.json", "in/x/*"}) {
    env_.fail(FaultOp::kRead, Status::io_error("medium error"), "in/x");
    EXPECT_EQ(files_of(env_, path).status().code(), StatusCode::kIoError) << path;
  }
}

TEST_F(FilesOf, APlainPathMustBeThere) {
  EXPECT_EQ(files_of(env_, "in/nothing").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace dataflow::connect
