using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Mono.Unix.Native;

/// <summary>
/// An application pool: a script that is run again when it was recycled, and when it has crashed, but not for ever: IIS
/// gives up after five times in five minutes, and that pool's sites answer no more.
///
/// /run/pools has the process id in NAME.pid; a pool is recycled by a file NAME.recycle, removed when that is done.
/// </summary>
class Pool
{
    const string Folder = "/run/pools";
    const int Crashes = 5;
    static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    readonly string path;
    readonly string name;
    readonly Output output;
    readonly Output errors;
    readonly ManualResetEvent stopped = new ManualResetEvent(false);

    public Pool(string path, Output output, Output errors)
    {
        this.path = path;
        this.output = output;
        this.errors = errors;
        name = Path.GetFileNameWithoutExtension(path);
    }

    public void Start()
    {
        Directory.CreateDirectory(Folder);
        File.Delete(At(".recycle"));
        var thread = new Thread(() => {
            try
            {
                Serve();
            }
            catch (Exception problem)
            {
                // The others go on.
                File.Delete(At(".pid"));
                WriteEvent("disabled", 5002, "The application pool " + name + " was disabled: " + problem.Message);
            }
        });
        thread.IsBackground = true;
        thread.Start();
    }

    public void Stop()
    {
        stopped.Set();
    }

    void Serve()
    {
        var crashes = new Queue<DateTime>();
        while (true)
        {
            using (var process = new ServerProcess("bash " + CommandLine.Quoted(path), new Settings.Entry[0], output, errors))
            {
                process.Start();
                File.WriteAllText(At(".pid.new"), process.Id + "\n");
                Syscall.rename(At(".pid.new"), At(".pid"));
                var isRecycled = Watch(process);
                if (stopped.WaitOne(0))
                    return;
                if (isRecycled)
                    continue;
                WriteEvent(process.Id.ToString(), 5011,
                    "The process of the application pool " + name + " ended by itself, with status " + process.ExitCode + ".");
            }
            crashes.Enqueue(DateTime.UtcNow);
            if (crashes.Count < Crashes || DateTime.UtcNow - crashes.Dequeue() > Window)
                continue;
            File.Delete(At(".pid"));
            WriteEvent("disabled", 5002, "The application pool " + name + " was disabled after five failures in five minutes.");
            return;
        }
    }

    /// <summary>Until the process has ended. Whether that was asked for.</summary>
    bool Watch(ServerProcess process)
    {
        // Asked for before this one was there: it is the new one.
        File.Delete(At(".recycle"));
        while (!process.Ended)
        {
            if (stopped.WaitOne(Relay.Period) || File.Exists(At(".recycle")))
            {
                process.Stop();
                return true;
            }
        }
        return false;
    }

    string At(string ending)
    {
        return Folder + "/" + name + ending;
    }

    void WriteEvent(string key, int id, string text)
    {
        foreach (var line in Events.Lines(name + "." + key, DateTime.UtcNow, "WAS", id, "Warning", text))
            output.Line(line);
    }
}
