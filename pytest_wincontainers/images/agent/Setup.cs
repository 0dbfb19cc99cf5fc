using System.IO;
using System.Linq;

/// <summary>
/// The set-up: a file with a command line for each step, which the plugin has put there. %0A, %0D and %25 in it are a
/// line feed, a carriage return and a percent sign. A container that is started again has no such file any more.
/// </summary>
static class Setup
{
    public static void Run(string path)
    {
        if (!File.Exists(path))
            return;
        foreach (var line in File.ReadAllLines(path, Output.Utf8))
            Step(line.Replace("%0A", "\n").Replace("%0D", "\r").Replace("%25", "%"));
        // Commands may hold passwords.
        File.Delete(path);
    }

    static void Step(string line)
    {
        var command = CommandLine.Parse(line);
        string said;
        var code = Guest.Step(command).Run(out said);
        if (code == 0)
            return;
        // Not the whole line, which may hold passwords.
        var told = Path.GetFileNameWithoutExtension(command.Program.Replace('\\', '/'));
        told += " " + string.Join(" ", command.Arguments.Split(' ').Take(2));
        throw new AgentException(told.Trim() + " ended with " + code + ": " + said.Trim());
    }
}
