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
    readonly Stop stop;
    readonly Output errors;
    DateTime looked;
    bool isStopped;
    bool hasEnded;

    public Service(string name, Stop stop, Output errors)
    {
        this.stop = stop;
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
            hasEnded = Status == ServiceControllerStatus.Stopped;
            // A container that is stopped has its services stopped, too, and they may be the first to know.
            if (hasEnded && !isStopped && !(isStopped = stop.Requested.WaitOne(LookTime)))
                errors.Line("wincontainers: the service " + service.ServiceName + " has ended");
            return hasEnded;
        }
    }

    /// <summary>A service that ends by itself has failed.</summary>
    public int ExitCode { get { return isStopped ? 0 : 1; } }

    ServiceControllerStatus Status
    {
        get
        {
            try
            {
                service.Refresh();
                return service.Status;
            }
            catch (InvalidOperationException)
            {
                // The manager of services does not answer at this moment.
                return ServiceControllerStatus.Running;
            }
        }
    }

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
        try
        {
            service.Stop();
            service.WaitForStatus(ServiceControllerStatus.Stopped, StopTime);
        }
        catch (InvalidOperationException)
        {
            // It is being stopped already.
        }
        catch (System.ServiceProcess.TimeoutException)
        {
            // The container's end ends it.
        }
    }

    public void Dispose()
    {
        service.Dispose();
    }
}
