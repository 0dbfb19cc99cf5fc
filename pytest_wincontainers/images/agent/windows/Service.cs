using System;
using System.ComponentModel;
using System.ServiceProcess;

/// <summary>A server that is a Windows service.</summary>
class Service : Server
{
    static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);
    static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(200);

    readonly ServiceController service;
    readonly Output errors;
    DateTime looked;
    bool isStopped;
    bool hasEnded;

    public Service(string name, Output errors)
    {
        service = new ServiceController(name);
        this.errors = errors;
    }

    public bool Ended
    {
        get
        {
            if (hasEnded || DateTime.UtcNow - looked < LookTime)
                return hasEnded;
            looked = DateTime.UtcNow;
            service.Refresh();
            hasEnded = service.Status == ServiceControllerStatus.Stopped;
            if (hasEnded && !isStopped)
                errors.Line("wincontainers: the service " + service.ServiceName + " has ended");
            return hasEnded;
        }
    }

    /// <summary>A service that ends by itself has failed.</summary>
    public int ExitCode { get { return isStopped ? 0 : 1; } }

    public void Start()
    {
        try
        {
            service.Start();
            service.WaitForStatus(ServiceControllerStatus.Running, StartTime);
        }
        catch (Exception problem)
        {
            var reason = problem.InnerException is Win32Exception ? problem.InnerException.Message : problem.Message;
            throw new AgentException("the service " + service.ServiceName + " could not be started: " + reason);
        }
    }

    public void Stop()
    {
        isStopped = true;
        service.Stop();
        service.WaitForStatus(ServiceControllerStatus.Stopped, StopTime);
    }

    public void Dispose()
    {
        service.Dispose();
    }
}
