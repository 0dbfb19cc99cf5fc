using System.IO;
using System.Text;

/// <summary>The container's output or error output. Lines of several threads do not get mixed up.</summary>
class Output
{
    public static readonly UTF8Encoding Utf8 = new UTF8Encoding(false);

    readonly object only = new object();
    readonly Stream stream;

    public Output(Stream stream)
    {
        this.stream = stream;
    }

    public void Line(string line)
    {
        var bytes = Utf8.GetBytes(line + "\n");
        Write(bytes, bytes.Length);
    }

    /// <summary>Writes the first bytes of a buffer, which must be whole lines.</summary>
    public void Write(byte[] lines, int count)
    {
        lock (only)
        {
            stream.Write(lines, 0, count);
            stream.Flush();
        }
    }
}
