using System;
using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Threading;

/// <summary>A download that is what it should be, or none.</summary>
static class Download
{
    const int Tries = 5;

    public static int Run(string url, string checksum, string path)
    {
        if (checksum.Length == 0)
            throw new AgentException("no checksum is given for " + url);
        // What is compiled for no release of .NET in particular uses TLS 1.0.
        ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls12;
        for (var count = 1; !Fetched(url, path, count == Tries); count++)
            Thread.Sleep(TimeSpan.FromSeconds(5 * count));
        // Google publishes an MD5 only.
        var name = checksum.Length == 32 ? "MD5" : "SHA256";
        using (var algorithm = HashAlgorithm.Create(name))
        using (var file = File.OpenRead(path))
        {
            var found = BitConverter.ToString(algorithm.ComputeHash(file)).Replace("-", "");
            if (!found.Equals(checksum, StringComparison.OrdinalIgnoreCase))
                throw new AgentException(url + " has the " + name + " " + found + ", not " + checksum);
        }
        return 0;
    }

    static bool Fetched(string url, string path, bool isLast)
    {
        try
        {
            using (var client = new WebClient())
                client.DownloadFile(url, path);
            return true;
        }
        catch (WebException problem)
        {
            var answer = problem.Response as HttpWebResponse;
            var isGone = answer != null && (answer.StatusCode == HttpStatusCode.NotFound || answer.StatusCode == HttpStatusCode.Forbidden);
            if (isLast || isGone)
                throw new AgentException(url + " could not be downloaded: " + problem.Message);
            return false;
        }
    }
}
