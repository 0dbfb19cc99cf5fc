using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;

/// <summary>What the program does in another way in each guest: here in a Windows container.</summary>
static class Guest
{
    const uint CtrlC = 0;
    const uint First = 0x3FF;

    delegate bool Handler(uint kind);

    // Else the collector would take it while Windows still has it.
    static Handler handler;

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool SetConsoleCtrlHandler(Handler handler, bool add);

    [DllImport("kernel32.dll")]
    static extern bool SetProcessShutdownParameters(uint level, uint flags);

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool GenerateConsoleCtrlEvent(uint kind, uint group);

    public static Server Server(Settings settings, string[] arguments, Stop stop, Output output, Output errors)
    {
        var service = settings.One("service");
        if (service.Length > 0)
            return new Service(service, stop, errors);
        return new ServerProcess(ServerProcess.Line(settings, arguments), settings.All("empty"), output, errors);
    }

    /// <summary>A step of the set-up, whose program takes its arguments apart itself.</summary>
    public static CommandLine Step(CommandLine step)
    {
        return step;
    }

    public static Action Events(string channel, string query, State state, Output output)
    {
        return new EventLog(channel, query, state, output).Relay;
    }

    public static int MakeAccount(string name, string password)
    {
        Account.Make(name, password);
        return 0;
    }

    public static void AskToEnd(Process process)
    {
        // Whatever has this console gets it, and programs such as mysqld end cleanly. See `WatchForStop`.
        GenerateConsoleCtrlEvent(CtrlC, 0);
    }

    public static Stop WatchForStop()
    {
        var stop = new Stop();
        handler = kind => {
            // Its own Ctrl+C comes here, too.
            if (kind == CtrlC && stop.Requested.WaitOne(0))
                return true;
            stop.Requested.Set();
            // Windows ends the program when this returns, and after some seconds in any case: five, unless the image says
            // otherwise in its registry (moby/moby#25982). Until then, it ends when it has ended the server.
            if (kind != CtrlC)
                Thread.Sleep(Timeout.Infinite);
            return true;
        };
        // Programs of a higher level are told first, and the server is to be asked by this one.
        SetProcessShutdownParameters(First, 0);
        // A process that ignores Ctrl+C hands that on to its children.
        SetConsoleCtrlHandler(null, false);
        SetConsoleCtrlHandler(handler, true);
        return stop;
    }
}
