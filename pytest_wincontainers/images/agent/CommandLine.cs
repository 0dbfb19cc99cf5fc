using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading.Tasks;

/// <summary>A program with its arguments, as they are written in one line.</summary>
class CommandLine
{
    public readonly string Program;
    public readonly string Arguments;

    public CommandLine(string program, string arguments)
    {
        Program = program;
        Arguments = arguments;
    }

    public static CommandLine Parse(string line)
    {
        var words = line.Split(new[] { ' ' }, 2);
        return new CommandLine(words[0], words.Length > 1 ? words[1] : "");
    }

    /// <summary>Starts it as a child process whose output is to be read.</summary>
    public Process Start()
    {
        var start = new ProcessStartInfo(Program, Arguments);
        start.UseShellExecute = false;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            var process = Process.Start(start);
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception problem)
        {
            // Mono's own message has the arguments, which may hold passwords.
            var reason = new Win32Exception(problem.NativeErrorCode).Message;
            throw new AgentException(Program + " could not be started: " + reason);
        }
    }

    /// <summary>
    /// Runs it to its end, for so many milliseconds at most (-1: for ever). Returns the exit code; what it has written is in
    /// `said`.
    /// </summary>
    public int Run(out string said, int limit = -1)
    {
        using (var process = Start())
        {
            // At the same time, as it may fill either of them while the other is read.
            var output = Task.Factory.StartNew<string>(process.StandardOutput.ReadToEnd);
            var errors = Task.Factory.StartNew<string>(process.StandardError.ReadToEnd);
            if (!Task.WaitAll(new Task[] { output, errors }, limit))
            {
                process.Kill();
                throw new AgentException(Program + " takes more than " + limit / 1000 + " s");
            }
            process.WaitForExit();
            said = output.Result + errors.Result;
            return process.ExitCode;
        }
    }

    /// <summary>An argument for a program in C, which takes a line apart by the rules of CommandLineToArgvW.</summary>
    public static string Quoted(string argument)
    {
        if (argument.Length > 0 && argument.IndexOfAny(new[] { ' ', '\t', '\n', '"', '\'', '\\' }) < 0)
            return argument;
        var quoted = new StringBuilder("\"");
        var slashes = 0;
        foreach (var letter in argument)
        {
            if (letter == '"')
                quoted.Append('\\', slashes + 1);
            slashes = letter == '\\' ? slashes + 1 : 0;
            quoted.Append(letter);
        }
        return quoted.Append('\\', slashes).Append('"').ToString();
    }
}
