using System;
using System.IO;

/// <summary>
/// The entry point of an image: sets the container up, runs its server, and writes what the server logs to the
/// container's output. What to run and to follow is in service.conf beside the program; see Settings. For builds and
/// set-ups it has commands of its own:
///
///   agent fetch URL CHECKSUM FILE     downloads a file whose SHA-256, or MD5, is known
///   agent account NAME PASSWORD       makes a local account (Windows)
/// </summary>
static class Program
{
    static int Main(string[] arguments)
    {
        try
        {
            var verb = arguments.Length > 0 ? arguments[0] : "";
            if (verb == "fetch" && arguments.Length == 4)
                return Download.Run(arguments[1], arguments[2], arguments[3]);
            if (verb == "account" && arguments.Length == 3)
                return Guest.MakeAccount(arguments[1], arguments[2]);
            if (verb == "fetch" || verb == "account")
                throw new AgentException("use fetch URL CHECKSUM FILE or account NAME PASSWORD");
            var settings = Settings.Read(Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "service.conf"));
            Setup.Run(Path.Combine(settings.Folder, "setup"));
            return Serve(settings, arguments);
        }
        catch (Exception problem)
        {
            new Output(Console.OpenStandardError()).Line("wincontainers: " + problem.Message);
            return 1;
        }
    }

    static int Serve(Settings settings, string[] arguments)
    {
        var output = new Output(Console.OpenStandardOutput());
        var errors = new Output(Console.OpenStandardError());
        // Before the server, which may log from its first moment.
        var relay = new Relay(settings, output);
        var stop = Guest.WatchForStop();
        using (var server = Guest.Server(settings, arguments, stop, output, errors))
        {
            server.Start();
            while (!server.Ended && !stop.Requested.WaitOne(Relay.Period))
                relay.Round();
            if (!server.Ended)
                server.Stop();
            var code = server.ExitCode;
            relay.Round();
            relay.Close();
            return code;
        }
    }
}

/// <summary>What ends the program, as a sentence.</summary>
class AgentException : Exception
{
    public AgentException(string message) : base(message) { }
}
