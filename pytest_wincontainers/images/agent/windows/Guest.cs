using System;
using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>What the program does in another way in each guest: here in a Windows container.</summary>
static class Guest
{
    delegate bool Handler(uint kind);

    // Else the collector would take it while Windows still has it.
    static Handler handler;

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool SetConsoleCtrlHandler(Handler handler, bool add);

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool GenerateConsoleCtrlEvent(uint kind, uint group);

    public static Server Server(Settings settings, string[] arguments, Output output, Output errors)
    {
        var service = settings.One("service");
        if (service.Length > 0)
            return new Service(service, errors);
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
        const uint ctrlC = 0;
        if (!GenerateConsoleCtrlEvent(ctrlC, 0))
            process.Kill();
    }

    public static Stop WatchForStop()
    {
        var stop = new Stop();
        handler = kind => {
            // Windows ends the program when this returns, and five seconds after the engine's stop in any case
            // (moby/moby#25982). Its own Ctrl+C comes here, too, and must not be waited for.
            if (!stop.Requested.WaitOne(0))
            {
                stop.Requested.Set();
                stop.Done.WaitOne();
            }
            return true;
        };
        SetConsoleCtrlHandler(handler, true);
        return stop;
    }
}
