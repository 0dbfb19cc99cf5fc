using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

/// <summary>A server that is a child process. Its output is the container's.</summary>
class ServerProcess : Server
{
    const int StopMilliseconds = 30000;
    const int AskMilliseconds = 1000;
    const int Tries = 50;
    const int LongestLine = 1 << 20;

    readonly CommandLine command;
    readonly IList<Settings.Entry> emptied;
    readonly Output output;
    readonly Output errors;
    Process process;
    Thread[] readers;

    /// <summary>`emptied` are files (Parameter) that are emptied when the server has written something (Value).</summary>
    public ServerProcess(string line, IList<Settings.Entry> emptied, Output output, Output errors)
    {
        command = CommandLine.Parse(line);
        this.emptied = emptied;
        this.output = output;
        this.errors = errors;
    }

    public static string Line(Settings settings, IEnumerable<string> arguments)
    {
        var line = new StringBuilder(settings.One("server"));
        foreach (var entry in settings.All("argument"))
            if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(entry.Parameter)))
                line.Append(' ').Append(entry.Value);
        foreach (var argument in arguments)
            line.Append(' ').Append(CommandLine.Quoted(argument));
        return line.ToString();
    }

    public int Id { get { return process.Id; } }

    public bool Ended { get { return process.HasExited; } }

    public int ExitCode
    {
        get
        {
            process.WaitForExit();
            // What it wrote last is still on its way. A process of its own may keep the pipe open.
            foreach (var reader in readers)
                reader.Join(1000);
            return process.ExitCode;
        }
    }

    public void Start()
    {
        process = command.Start();
        readers = new[] {
            new Thread(() => Pass(process.StandardOutput.BaseStream, output)),
            new Thread(() => Pass(process.StandardError.BaseStream, errors)),
        };
        foreach (var reader in readers)
        {
            reader.IsBackground = true;
            reader.Start();
        }
    }

    public void Stop()
    {
        // Again and again: a server may not heed it before it is up.
        for (var waited = 0; waited < StopMilliseconds; waited += AskMilliseconds)
        {
            Guest.AskToEnd(process);
            if (process.WaitForExit(AskMilliseconds))
                return;
        }
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    }

    public void Dispose()
    {
        if (process != null)
            process.Dispose();
    }

    void Pass(Stream stream, Output output)
    {
        var buffer = new byte[8192];
        var used = 0;
        while (true)
        {
            if (used == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var read = stream.Read(buffer, used, buffer.Length - used);
            used += read;
            var end = read > 0 && used < LongestLine ? Array.LastIndexOf(buffer, (byte)'\n', used - 1) + 1 : used;
            if (end > 0)
            {
                if (emptied.Count > 0)
                    EmptyFiles(Output.Utf8.GetString(buffer, 0, end));
                output.Write(buffer, end);
            }
            if (read <= 0)
                return;
            Buffer.BlockCopy(buffer, end, buffer, 0, used - end);
            used -= end;
        }
    }

    void EmptyFiles(string written)
    {
        foreach (var entry in emptied)
            if (written.Contains(entry.Value) && File.Exists(entry.Parameter))
                Empty(entry.Parameter);
    }

    void Empty(string path)
    {
        // Something else may have it open for a moment, such as a virus scanner.
        for (var count = 1; ; count++)
        {
            try
            {
                File.WriteAllBytes(path, new byte[0]);
                return;
            }
            catch (Exception problem)
            {
                if (!(problem is IOException || problem is UnauthorizedAccessException))
                    throw;
                if (count == Tries)
                {
                    errors.Line("wincontainers: " + path + " could not be emptied: " + problem.Message);
                    return;
                }
                Thread.Sleep(100);
            }
        }
    }
}
