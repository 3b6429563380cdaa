import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs several of Kafka's own command line tools after each other in one virtual machine, because
 * each start of one costs seconds: {@code ToolRun Name args… -- Name args…}. Before each tool's
 * output stands a line {@code == Name}. Ends with 1 at the first tool that fails.
 */
public final class ToolRun {
  /** What a tool's exit becomes. */
  private static final class Exited extends Error {
    private static final long serialVersionUID = 1;
    final int status;

    Exited(int status) {
      super("exit status " + status);
      this.status = status;
    }
  }

  public static void main(String[] args) throws Exception {
    Exit.setExitProcedure(
        (status, message) -> {
          throw new Exited(status);
        });
    List<String> one = new ArrayList<>();
    for (String arg : args) {
      if (arg.equals("--")) {
        run(one);
        one.clear();
      } else {
        one.add(arg);
      }
    }
    run(one);
    System.out.flush();
    // A tool may leave threads behind.
    Runtime.getRuntime().halt(0);
  }

  private static void run(List<String> words) throws Exception {
    System.out.println("== " + words.get(0));
    String[] rest = words.subList(1, words.size()).toArray(new String[0]);
    try {
      Class.forName("org.apache.kafka.tools." + words.get(0))
          .getMethod("main", String[].class)
          .invoke(null, (Object) rest);
    } catch (java.lang.reflect.InvocationTargetException e) {
      if (e.getCause() instanceof Exited exited && exited.status == 0) {
        return;
      }
      e.getCause().printStackTrace();
      System.out.flush();
      Runtime.getRuntime().halt(1);
    }
  }
}
