// pgjdbc's batches with autocommit: one transaction up to the driver's Sync. Prints what differs from
// what it should be, else "all as it should be". Argument: HOST:PORT.

import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Objects;

public final class JdbcBatch {
  private static int wrong = 0;

  private static void expect(String what, Object expected, Object found) {
    if (Objects.equals(expected, found)) return;
    ++wrong;
    System.out.println(what + ": expected " + expected + ", found " + found);
  }

  public static void main(String[] arguments) throws SQLException {
    String url = "jdbc:postgresql://" + arguments[0] + "/dataflow?user=somebody";
    try (Connection connection = DriverManager.getConnection(url)) {
      wholeOrNot(connection);
      readsOnly(connection);
    }
    System.out.println(wrong == 0 ? "all as it should be" : wrong + " differ");
    System.exit(wrong == 0 ? 0 : 1);
  }

  private static long count(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM t")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static void wholeOrNot(Connection connection) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO t VALUES (?, 10 / ?)")) {
      for (int i = 1; i <= 50; ++i) {
        insert.setLong(1, i);
        insert.setLong(2, 1);
        insert.addBatch();
      }
      int[] counts = insert.executeBatch();
      expect("rows of the batch", 50L, Arrays.stream(counts).filter(n -> n == 1).count());
      expect("rows", 50L, count(connection));
      for (int i = 51; i <= 60; ++i) {
        insert.setLong(1, i);
        insert.setLong(2, i == 55 ? 0 : 1);
        insert.addBatch();
      }
      insert.executeBatch();
      expect("an error", "one", "none");
    } catch (BatchUpdateException error) {
      expect("its state", "22012", error.getSQLState());
    }
    expect("rows behind a batch that failed", 50L, count(connection));
    try (Statement statement = connection.createStatement()) {
      statement.addBatch("UPDATE t SET v = v + 1 WHERE k = 1");
      statement.addBatch("UPDATE t SET v = v + 1 WHERE k = 1");
      statement.addBatch("DELETE FROM t WHERE k > 1");
      expect("rows written", "[1, 1, 49]", Arrays.toString(statement.executeBatch()));
      try (ResultSet rows = statement.executeQuery("SELECT v FROM t")) {
        rows.next();
        expect("two updates", 12L, rows.getLong(1));
      }
    }
  }

  private static void readsOnly(Connection connection) throws SQLException {
    connection.setReadOnly(true);
    connection.setAutoCommit(false);
    expect("rows", 1L, count(connection));
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("DELETE FROM t WHERE k = 1");
      expect("an error", "one", "none");
    } catch (SQLException error) {
      expect("its state", "25006", error.getSQLState());
    }
    connection.rollback();
    connection.setReadOnly(false);
    connection.setAutoCommit(true);
    expect("rows", 1L, count(connection));
  }
}
